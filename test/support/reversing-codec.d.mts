import type { DataConverter } from '@temporalio/common';

export declare const dataConverter: DataConverter;

#!/usr/bin/env node
/** `temporal-dms`, the program of this package. The Temporal CLI runs it as `temporal dms`. */
import { runProgram } from '../program.js';

await runProgram(process.argv.slice(2));

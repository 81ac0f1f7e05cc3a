import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { tableDefinition } from '../../src/dynamodb/table.js';
import { startDynamoDb } from '../support/dynamodb.js';
import { describeArchive } from './suite.js';

describeArchive('dynalite', startDynamoDb);

test('the documentation shows the table that the command creates', async () => {
  const page = await readFile(new URL('../../docs/archive.md', import.meta.url), 'utf8');
  const template = JSON.parse(/```json title="CloudFormation"\n([\s\S]*?)```/.exec(page)?.[1] ?? '') as {
    Resources: { Checkpoints: { Properties: Record<string, unknown> } };
  };
  const { PointInTimeRecoverySpecification: _, ...properties } = template.Resources.Checkpoints.Properties;
  expect(properties).toEqual(tableDefinition('temporal-dms-checkpoints'));
  const terraform = /```hcl\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  for (const { AttributeName } of tableDefinition('').KeySchema) expect(terraform).toContain(`"${AttributeName}"`);
});

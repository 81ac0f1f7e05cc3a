/** `npm run api`: writes the exports of each entry point to docs/api. `--check`: fails if a report is out of date. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';

const entries = {
  index: 'index',
  workflows: 'workflows/index',
  steps: 'workflows/steps',
  activities: 'activities/index',
  aws: 'aws/index',
  cloudwatch: 'cloudwatch/index',
  dynamodb: 'dynamodb/index',
  iam: 'iam/index',
  client: 'client/index',
  simulator: 'simulator/index',
  nexus: 'nexus/index',
  plugin: 'plugin/index',
  worker: 'worker/index',
};
const isCheck = process.argv.includes('--check');
const quiet = { default: { logLevel: ExtractorLogLevel.None } };
const folder = resolve('docs/api');
mkdirSync(folder, { recursive: true });

for (const [name, path] of Object.entries(entries)) {
  const { succeeded } = Extractor.invoke(
    ExtractorConfig.prepare({
      configObjectFullPath: resolve('package.json'),
      packageJsonFullPath: resolve('package.json'),
      configObject: {
        projectFolder: resolve('.'),
        mainEntryPointFilePath: resolve(`dist/${path}.d.ts`),
        newlineKind: 'lf',
        compiler: { tsconfigFilePath: resolve('tsconfig.json') },
        apiReport: {
          enabled: true,
          reportFileName: name,
          reportFolder: folder,
          reportTempFolder: resolve('node_modules/.cache/api'),
        },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
      },
    }),
    { localBuild: !isCheck, showVerboseMessages: false },
  );
  if (succeeded) continue;
  process.stderr.write(
    `What temporal-dms exports from "${name}" is not what docs/api/${name}.api.md says: run "npm run api" and look at the difference.\n`,
  );
  process.exitCode = 1;
}

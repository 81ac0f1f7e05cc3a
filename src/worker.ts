/** `dist/worker.js`: runs `temporal-dms worker`, for containers and process managers that start a file. */
import { runProgram } from './program.js';

await runProgram(['worker', ...process.argv.slice(2)]);

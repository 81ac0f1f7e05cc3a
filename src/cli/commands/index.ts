import type { Command } from 'commander';
import type { Runner } from '../session.js';
import { addArchive } from './archive.js';
import { addCutover } from './cutover.js';
import { addDecisions } from './decisions.js';
import { addDoctor } from './doctor.js';
import { addFleet } from './fleet.js';
import { addList } from './list.js';
import { addRecords } from './records.js';
import { addResume } from './resume.js';
import { addSchedule } from './schedule.js';
import { addSimulator } from './simulator.js';
import { addStatus } from './status.js';
import { addStop } from './stop.js';
import { addWorker } from './worker.js';

/** Adds every command, in the order of the help. */
export function addCommands(program: Command, run: Runner): void {
  program.commandsGroup('One replication:');
  addStatus(program, run);
  addStop(program, run);
  addResume(program, run);
  addDecisions(program, run);
  addRecords(program, run);
  program.commandsGroup('Many replications:');
  addList(program, run);
  addFleet(program, run);
  addSchedule(program, run);
  addCutover(program, run);
  program.commandsGroup('Programs and stores:');
  addDoctor(program, run);
  addWorker(program, run);
  addSimulator(program, run);
  addArchive(program, run);
}

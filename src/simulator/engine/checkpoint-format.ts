/**
 * Engine of a source. The engine determines the format of checkpoints.
 *
 * `mysql` and `mysql-dollar` are two formats of the same position.
 */
export type Engine = (typeof engines)[number];
export const engines = ['mysql', 'mysql-dollar', 'postgres', 'sqlserver', 'oracle'] as const;

const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
const FILE = 2 ** 30;

/** Formats the checkpoint at a position in the log, given in bytes. */
export const formatCheckpoint: Readonly<Record<Engine, (at: number) => string>> = {
  mysql(at) {
    const file = `mysql-bin-changelog.${String(9875 + Math.floor(at / FILE)).padStart(6, '0')}`;
    return `checkpoint:V1#27#${file}:${at % FILE}:-1:${(at % FILE) + 27}:677883278264080:${file}:${Math.max(4, (at % FILE) - 99)}#0#0#*#0#93`;
  },
  'mysql-dollar': (at) => `checkpoint:V1#27#$.${583_860 + Math.floor(at / FILE)}:${at % FILE}:-1:0:0:$.0:0#0#0#*#0#93`,
  postgres: (at) => `checkpoint:V1#34#${hex(1199 + Math.floor(at / 2 ** 32), 8)}/${hex(at % 2 ** 32, 8)}#0#0#*#0#121`,
  sqlserver(at) {
    const virtualLog = hex(50 + Math.floor(at / 2 ** 28), 8);
    const lsn = `${virtualLog}:${hex(Math.floor(at / 256) % 2 ** 20, 8)}:${hex(at % 256, 4)}`.toLowerCase();
    return `checkpoint:V1#156#${lsn}#0#217#${lsn}#0#213`;
  },
  oracle: (at) => `checkpoint:V1#48084#${hex(2_435_000_000 + Math.floor(at / 64), 16)}${hex(at % 64, 4)}#0#0#*#0#31989`,
};

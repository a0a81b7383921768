export { FileLog, type FileLogOptions, type OpenedLog } from './file-log.ts';
export type { LogFile, LogFiles } from './files.ts';
export { realFiles } from './files.ts';

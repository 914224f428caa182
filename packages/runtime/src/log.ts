/**
 * Log records of the runtime. They go to the front as LOG frames, which knows where logs go and in what form; before there
 * is a connection, to stderr. What the application prints itself goes to stdout and stderr as ever.
 */

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Record<string, string>;
export type LogSink = (level: LogLevel, target: string, message: string, fields: LogFields) => void;

let sink: LogSink = (level, target, message, fields) => {
  process.stderr.write(`${level} ${target}: ${message}${fields['stack'] ? `\n${fields['stack']}` : ''}\n`);
};

/** Called by the connection when it can take records. */
export function setLogSink(next: LogSink): void {
  sink = next;
}

export function writeLog(level: LogLevel, target: string, message: string, fields: LogFields = {}): void {
  sink(level, target, message, fields);
}

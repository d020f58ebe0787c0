import { getSystemErrorMap } from 'node:util';
import { InputNotFoundError, InputReadError } from '../errors.js';

const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG']);

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'run as a user who may read it, or change its permissions',
  EPERM: 'run as a user who may read it, or change its permissions',
  EISDIR: 'give a file, or the folder itself to read all captures in it',
  EMFILE: 'raise the limit of open files (ulimit -n) or lower --jobs',
  ENFILE: 'raise the limit of open files of this machine',
  EIO: 'the disk or network below this file fails; copy the file elsewhere and try again',
  ELOOP: 'its symbolic links lead in a circle',
};

/** The error of an operating system call on `path`, in words. */
export function inputError(path: string, cause: unknown): InputNotFoundError | InputReadError {
  const { code = '', errno } = cause as NodeJS.ErrnoException;
  if (NOT_THERE.has(code)) {
    return new InputNotFoundError('no such file or folder', { path, cause, hint: 'check the spelling' });
  }
  const words = errno === undefined ? undefined : getSystemErrorMap().get(errno)?.[1];
  const reason = words ?? (cause instanceof Error ? cause.message : String(cause));
  return new InputReadError(`cannot be read: ${reason}${code === '' ? '' : ` (${code})`}`, {
    path,
    cause,
    hint: HINTS[code],
  });
}

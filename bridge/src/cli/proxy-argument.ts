/** The proxy of a command line. A login in it would be seen in the list of processes and kept in the shell's history. */
import { readFileSync } from 'node:fs';
import { WabError } from '../contract/errors.ts';
import { parseProxy } from '../contract/proxy.ts';

/**
 * @param text a URL without a login, or `@` and the file that holds a URL, `-` for standard input
 * @throws WabError WAB_PROXY_INVALID
 */
export function proxyFrom(text: string): string {
  if (text.startsWith('@')) return written(text.slice(1));
  if (parseProxy(text).credentials !== null)
    throw new WabError('WAB_PROXY_INVALID', {
      reason:
        'a login on the command line is visible to other users; write the URL to a file and pass @<file>, or @- for standard input',
    });
  return text;
}

function written(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8').trim();
  } catch (error) {
    const reason = `the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`;
    throw new WabError('WAB_PROXY_INVALID', { reason });
  }
}

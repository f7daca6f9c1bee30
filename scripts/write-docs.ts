/**
 * Writes what is generated in bridge/docs: the OpenAPI document, events.md, and the table in errors.md (the text around it
 * is written by hand). Run it after a change of routes, schemas or the error catalogue; tests fail until then.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { ERRORS } from '../bridge/src/contract/errors.ts';
import { openapiDocument } from '../bridge/src/http/openapi-document.ts';
import { version } from '../bridge/src/version.ts';
import { renderEventDocs } from './event-docs.ts';

const docs = new URL('../bridge/docs/', import.meta.url);

const openapi = new URL('openapi.json', docs);
writeFileSync(openapi, `${JSON.stringify(await openapiDocument(version), null, 2)}\n`);

const errors = new URL('errors.md', docs);
const rows = Object.entries(ERRORS).map(
  ([code, { status, retryable, message }]) =>
    `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${message.replaceAll('|', '\\|')} |`,
);
const [before] = readFileSync(errors, 'utf8').split('<!-- table -->');
writeFileSync(
  errors,
  `${before}<!-- table -->\n\n| code | HTTP | retry | what it says |\n|---|---|---|---|\n${rows.join('\n')}\n`,
);

const events = new URL('events.md', docs);
writeFileSync(events, renderEventDocs());

process.stdout.write(`wrote ${openapi.pathname}, ${errors.pathname} and ${events.pathname}\n`);

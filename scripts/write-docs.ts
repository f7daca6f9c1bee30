/**
 * Writes what is generated in bridge/docs: the OpenAPI document, operations.md, events.md, and the table in errors.md (the
 * text around it is written by hand). `npm run generate` runs it; tests fail while one of them is out of date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { ERRORS } from '../bridge/src/contract/errors.ts';
import { openapiDocument } from '../bridge/src/http/openapi-document.ts';
import { version } from '../bridge/src/version.ts';
import { renderEventDocs } from './event-docs.ts';
import { renderOperationDocs } from './operation-docs.ts';

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

const operations = new URL('operations.md', docs);
writeFileSync(operations, renderOperationDocs());

process.stdout.write(`wrote ${[openapi, errors, events, operations].map(({ pathname }) => pathname).join(', ')}\n`);

/** The environment that n8n runs in: what it is told of its folder, ports and owner, and that nothing leaves the machine. */
import { delimiter, dirname } from 'node:path';
import type { Owner } from './n8n-owner.ts';

export interface N8nSettings {
  /** Holds everything of this n8n (database, pack, logs); a second start over the same folder goes on with it. */
  readonly folder: string;
  /** Ports for n8n and for its task runners. */
  readonly port: number;
  readonly brokerPort: number;
  /** `legacy` is two to four times as fast as n8n's default `vm`. */
  readonly expressionEngine?: 'legacy' | 'vm';
  /** The node types that n8n loads, which saves a third of its start; all that it has unless given. */
  readonly nodeTypes?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** @param owner who may log in */
export function environmentOf(settings: N8nSettings, owner: Owner): NodeJS.ProcessEnv {
  const { folder, port, brokerPort, expressionEngine, nodeTypes, env } = settings;
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(N8N_|DB_|npm_|NODE_ENV$|NODE_OPTIONS$|JEST_|WABRIDGE_)/.test(name),
    ),
  );
  return {
    ...inherited,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
    N8N_USER_FOLDER: folder,
    N8N_LISTEN_ADDRESS: '127.0.0.1',
    N8N_HOST: '127.0.0.1',
    N8N_PORT: String(port),
    N8N_RUNNERS_BROKER_PORT: String(brokerPort),
    N8N_SECURE_COOKIE: 'false',
    N8N_LOG_LEVEL: 'info',
    DB_TYPE: 'sqlite',
    // Nothing leaves this machine.
    N8N_DIAGNOSTICS_ENABLED: 'false',
    N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
    N8N_DYNAMIC_BANNERS_ENABLED: 'false',
    N8N_TEMPLATES_ENABLED: 'false',
    N8N_VERIFIED_PACKAGES_ENABLED: 'false',
    N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
    N8N_DISABLED_MODULES: 'mcp-registry,mcp,chat-hub,instance-ai,agents,workflow-builder',
    ...(expressionEngine === undefined ? {} : { N8N_EXPRESSION_ENGINE: expressionEngine }),
    ...(nodeTypes === undefined ? {} : { NODES_INCLUDE: JSON.stringify(nodeTypes) }),
    N8N_INSTANCE_OWNER_MANAGED_BY_ENV: 'true',
    N8N_INSTANCE_OWNER_EMAIL: owner.email,
    N8N_INSTANCE_OWNER_FIRST_NAME: 'Local',
    N8N_INSTANCE_OWNER_LAST_NAME: 'Owner',
    N8N_INSTANCE_OWNER_PASSWORD_HASH: owner.passwordHash,
    ...env,
  };
}

/** Groups and who is in them; each change shows as a notification in the chat. */
import { type Account, Group } from './account.ts';
import type { Extra } from './frames.ts';
import { newStanzaId } from './message-actions.ts';
import type { MessageRouter } from './message-router.ts';

export class Groups {
  readonly #router: MessageRouter;
  readonly #groups: Group[] = [];

  constructor(router: MessageRouter) {
    this.#router = router;
  }

  add(name: string, members: readonly Account[], lidAddressing: boolean): Group {
    const group = new Group(`12036300000000${1000 + this.#groups.length}@g.us`, name, members, lidAddressing);
    this.#groups.push(group);
    return group;
  }

  get all(): readonly Group[] {
    return this.#groups;
  }

  find(id: string): Group | undefined {
    return this.#groups.find((group) => group.id === id);
  }

  of(account: Account): readonly Group[] {
    return this.#groups.filter((group) => group.members.includes(account));
  }

  /** Somebody joins by the group's link, or is added by a member. Returns the stanza id of the notification. */
  join(group: Group, joining: Account, by: Account | null = null): string {
    group.members.push(joining);
    return this.#notify(group, by ?? joining, by ? 'add' : 'invite', { recipients: [joining.pn] });
  }

  /** Somebody leaves, or is removed by a member. */
  leave(group: Group, leaving: Account, by: Account | null = null): string {
    const stanza = this.#notify(group, by ?? leaving, by ? 'remove' : 'leave', { recipients: [leaving.pn] });
    group.members.splice(group.members.indexOf(leaving), 1);
    group.admins.delete(leaving);
    this.#tell(group, group.members);
    return stanza;
  }

  rename(group: Group, by: Account, name: string): string {
    group.name = name;
    return this.#notify(group, by, 'subject', {}, name);
  }

  /** Makes a member an admin, or an admin a member. */
  promote(group: Group, member: Account, by: Account, admin = true): string {
    if (admin) group.admins.add(member);
    else group.admins.delete(member);
    return this.#notify(group, by, admin ? 'promote' : 'demote', { recipients: [member.pn] });
  }

  #notify(group: Group, by: Account, subtype: string, extra: Extra, body?: string): string {
    const stanza = newStanzaId();
    this.#tell(group, group.members);
    this.#router.route(by, group, stanza, { type: 'gp2', body, extra: { ...extra, subtype } });
    return stanza;
  }

  #tell(group: Group, members: readonly Account[]): void {
    for (const member of members)
      for (const device of member.devices) device.keep({ type: 'group', group: group.seenBy(member) });
  }
}

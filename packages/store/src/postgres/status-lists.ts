import type { Clock, StatusLists } from '@signet/engine'
import type { Ask, Statement } from './statement.ts'

const STATUS_LISTS = {
  take: {
    name: 'statusLists.take',
    text: `
      INSERT INTO signet.counters AS row (service, name, value) VALUES ($1, 'status', $2)
      ON CONFLICT (service, name) DO UPDATE SET value = row.value + excluded.value
      RETURNING value - $2 AS first`,
  },
  keep: {
    name: 'statusLists.keep',
    text: `
      INSERT INTO signet.status_lists AS row (service, list, ends) VALUES ($1, $2, $3)
      ON CONFLICT (service, list) DO UPDATE SET ends = excluded.ends WHERE row.ends < excluded.ends`,
  },
  revoke: {
    name: 'statusLists.revoke',
    text: `
      INSERT INTO signet.status_revocations AS row (service, list, position, ends)
      VALUES ($1, $2, $3, $4)
      ON CONFLICT (service, list, position) DO UPDATE
      SET ends = excluded.ends WHERE row.ends < excluded.ends`,
  },
  revoked: {
    name: 'statusLists.revoked',
    text: `
      SELECT ARRAY(
        SELECT position FROM signet.status_revocations
        WHERE service = $1 AND list = $2 ORDER BY position
      ) AS positions
      FROM signet.status_lists WHERE service = $1 AND list = $2 AND ends > $3`,
  },
  taken: {
    name: 'statusLists.taken',
    text: "SELECT value FROM signet.counters WHERE service = $1 AND name = 'status'",
  },
  published: {
    name: 'statusLists.published',
    text: 'SELECT list, ends FROM signet.status_lists WHERE service = $1 ORDER BY list',
    slow: true,
  },
  marks: {
    name: 'statusLists.marks',
    text: `
      SELECT list, position, ends FROM signet.status_revocations WHERE service = $1
      ORDER BY list, position`,
    slow: true,
  },
} as const satisfies Readonly<Record<string, Statement>>

export function statusListsOf(ask: Ask, clock: Clock): StatusLists {
  return {
    take: async (count) => Number((await ask(STATUS_LISTS.take, count)).rows[0]?.['first']),
    keep: async (list, until) => void (await ask(STATUS_LISTS.keep, list, until)),
    revoke: async (list, index, until) => void (await ask(STATUS_LISTS.revoke, list, index, until)),
    revoked: async (list) => {
      const { rows } = await ask(STATUS_LISTS.revoked, list, clock.now())
      const positions = rows[0]?.['positions']
      return Array.isArray(positions) ? positions.map(Number) : undefined
    },
    state: async () => {
      const { rows: published } = await ask(STATUS_LISTS.published)
      const { rows: marks } = await ask(STATUS_LISTS.marks)
      const { rows: counters } = await ask(STATUS_LISTS.taken)
      return {
        taken: Number(counters[0]?.['value'] ?? 0),
        published: published.map(({ list, ends }) => ({ list: Number(list), until: Number(ends) })),
        revoked: marks.map(({ list, position, ends }) => ({
          list: Number(list),
          index: Number(position),
          until: Number(ends),
        })),
      }
    },
  }
}

import type { Store, Subjects } from '@signet/engine'

/** The users of the store, as the claims that are known of them. */
export function createSubjects({ users }: Pick<Store, 'users'>): Subjects {
  return {
    claims: async (subject) => {
      const user = await users.bySubject(subject)
      return user === undefined || user.disabled ? undefined : user.claims
    },
  }
}

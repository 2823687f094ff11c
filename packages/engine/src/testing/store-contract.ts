import { describe } from 'node:test'
import { recordsContract, usersContract } from './contract/administration.ts'
import { attemptsContract } from './contract/attempts.ts'
import { auditChainContract, auditContract } from './contract/audit.ts'
import { codesContract } from './contract/codes.ts'
import { contractTest, type OpenStores } from './contract/harness.ts'
import { keepingContract, sweepingContract } from './contract/keeping.ts'
import { listingContract } from './contract/listing.ts'
import { ofSubjectContract } from './contract/of-subject.ts'
import { replayContract } from './contract/replay.ts'
import { requestsContract } from './contract/requests.ts'
import { servicesContract } from './contract/services.ts'
import { grantsContract, sessionsContract } from './contract/sessions-and-grants.ts'
import { statusListsContract } from './contract/status-lists.ts'

/** Registers the tests that every adapter of the store port must pass. @see ../store/store.ts */
export function storeContract(name: string, open: OpenStores): void {
  const test = contractTest(open)
  describe(name, () => {
    requestsContract(test)
    codesContract(test)
    replayContract(test)
    attemptsContract(test)
    sessionsContract(test)
    grantsContract(test)
    statusListsContract(test)
    usersContract(test)
    recordsContract(test)
    auditContract(test)
    auditChainContract(test)
    ofSubjectContract(test)
    listingContract(test)
    servicesContract(test)
    keepingContract(test)
    sweepingContract(test)
  })
}

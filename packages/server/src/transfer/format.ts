import type {
  Authorization,
  ClientRecord,
  Consent,
  Grant,
  KeyRecord,
  Revocation,
  StatusMark,
  StatusState,
  User,
} from '@signet/engine'
import { z } from 'zod'
import { clientSchema } from '../config/schema.ts'
import { parsePasswordHash } from '../login/password-hash.ts'

/** What a service takes with it when it moves to another store. */
export interface ServiceExport {
  readonly issuer: string
  readonly clients: readonly ClientRecord[]
  readonly users: readonly User[]
  readonly consents: readonly Consent[]
  readonly grants: readonly Grant[]
  readonly revocations: readonly Revocation[]
  readonly statusLists: StatusState
  /** Sealed, as they lie in the store. */
  readonly keys?: readonly KeyRecord[] | undefined
}

export interface Export {
  readonly format: 'signet-export'
  readonly version: 1
  readonly services: readonly ServiceExport[]
}

/** Every member of a row, and no other: what is forgotten here would be lost on the way. */
type Members<Row> = Readonly<Record<keyof Required<Row>, z.ZodType>>

const name = z.string().min(1)
const names = z.array(z.string())
const seconds = z.int()
/** Far more than there can be, and far less than would no longer be counted exactly. */
const count = z
  .int()
  .min(0)
  .max(2 ** 40)
const source = z.enum(['file', 'command'])
const claims = z.record(z.string(), z.unknown())

const client: z.ZodType<ClientRecord> = z.strictObject({
  clientId: name,
  metadata: clientSchema,
  source,
  disabled: z.boolean(),
  updatedAt: seconds,
} satisfies Members<ClientRecord>)

const user: z.ZodType<User> = z.strictObject({
  subject: name,
  username: name,
  passwordHash: z.string().refine(isPasswordHash, 'must be a PHC string of Argon2id'),
  claims,
  source,
  disabled: z.boolean(),
} satisfies Members<User>)

const consent: z.ZodType<Consent> = z.strictObject({
  subject: name,
  clientId: name,
  scopes: names,
  resources: names,
  updatedAt: seconds,
} satisfies Members<Consent>)

const authorization: z.ZodType<Authorization> = z.strictObject({
  clientId: name,
  subject: name,
  scopes: names,
  resources: names,
  claims: z.string().exactOptional(),
  authTime: seconds,
  acr: z.string(),
  amr: names,
  sid: z.string(),
} satisfies Members<Authorization>)

const grant: z.ZodType<Grant> = z.strictObject({
  id: name,
  authorization,
  refreshToken: z.string().exactOptional(),
  status: count.exactOptional(),
  createdAt: seconds,
  expiresAt: seconds,
} satisfies Members<Grant>)

const revocation: z.ZodType<Revocation> = z.strictObject({
  id: name,
  until: seconds,
} satisfies Members<Revocation>)

const mark: z.ZodType<StatusMark> = z.strictObject({
  list: count,
  index: count,
  until: seconds,
} satisfies Members<StatusMark>)

const statusLists: z.ZodType<StatusState> = z.strictObject({
  taken: count,
  published: z.array(z.strictObject({ list: count, until: seconds })),
  revoked: z.array(mark),
} satisfies Members<StatusState>)

const key: z.ZodType<KeyRecord> = z.strictObject({
  kid: name,
  use: z.enum(['sig', 'enc', 'nonce']),
  algorithm: name,
  material: name,
  createdAt: seconds,
  signsFrom: seconds,
  retiresAt: seconds.exactOptional(),
} satisfies Members<KeyRecord>)

const service: z.ZodType<ServiceExport> = z.strictObject({
  issuer: name,
  clients: z.array(client),
  users: z.array(user),
  consents: z.array(consent),
  grants: z.array(grant),
  revocations: z.array(revocation),
  statusLists,
  keys: z.array(key).exactOptional(),
} satisfies Members<ServiceExport>)

export const exportSchema: z.ZodType<Export> = z.strictObject({
  format: z.literal('signet-export', 'is not signet-export: no signet export wrote this'),
  version: z.literal(1, 'this release of Signet reads version 1'),
  services: z.array(service),
} satisfies Members<Export>)

function isPasswordHash(text: string): boolean {
  try {
    parsePasswordHash(text)
    return true
  } catch {
    return false
  }
}

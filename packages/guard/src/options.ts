import type {
  Algorithm,
  CertificateHeaderFormat,
  JsonObject,
  NonceOptions,
  Seconds,
  SigningKey,
  VerificationKey,
} from '@signet/protocol'
import type { SenderConstraint } from './check.rules.ts'
import type { IntrospectionOptions } from './introspection.ts'
import type { Trouble } from './issuer.ts'
import type { RefusalEvent } from './outcome.ts'
import type { TokenFormat } from './plain-token.ts'
import type { Replay } from './replay.ts'

/**
 * What becomes of a request that breaks a rule. `enforce`: it is refused. `warn`: it is let through, and the answer tells
 * the client in a `guard-warning` header. `observe`: it is let through and no answer changes. All three call `onRefusal`.
 */
export type Mode = 'enforce' | 'warn' | 'observe'

/** One issuer, with what is special about it. */
export interface IssuerOptions {
  readonly issuer: string
  /** Keys that do not change, so that nothing is fetched. */
  readonly jwks?: JsonObject | undefined
  /**
   * How its access tokens say that they are some. `rfc9068`, the default: by `typ: at+jwt`. `plain-jwt` is for issuers that
   * cannot write that: `typ` may be `JWT` or missing, `jti` may be missing, `azp` may stand for `client_id`. What keeps an ID
   * token out is then only what the token says (`aud`, `scope`, no `nonce`), which the issuer must not get wrong.
   */
  readonly tokenFormat?: TokenFormat | undefined
}

/** Certificates that a TLS-terminating proxy tells in a header. */
export interface CertificateHeaderOptions {
  /** What the proxy writes, and in which header. */
  readonly format: CertificateHeaderFormat
  /** Addresses and networks (`10.0.0.0/8`) of the proxies. The header of anybody else is not looked at. */
  readonly proxies: readonly string[]
}

/**
 * Finds the keys of a client, and of no other: those of that name if it is told, or all. Rejects when it cannot tell.
 *
 * @param keyid what the signature says of its key: a hint, by anybody.
 */
export type ClientKeys = (
  clientId: string,
  keyid: string | undefined,
) => Promise<readonly VerificationKey[]>

/** The keys of one client: as they are, or where they are published. */
export type ClientKeySource =
  | { readonly jwks: JsonObject; readonly jwksUri?: undefined }
  | { readonly jwksUri: string; readonly jwks?: undefined }

/** How keys of clients are found: by a function, or by the id of the client. */
export type ClientKeyOptions = ClientKeys | Readonly<Record<string, ClientKeySource>>

export interface GuardOptions {
  /** Who issues the tokens: the issuer identifier, or several. Metadata and keys are discovered. */
  readonly issuer: string | IssuerOptions | readonly (string | IssuerOptions)[]
  /** The resource identifier of this API: an https URL, such as `https://api.example`. @see RFC 9728 §1.2 */
  readonly resource: string
  /** What the `aud` of a token must contain; `resource` by default. */
  readonly audience?: string | undefined
  /**
   * The public URL under which `/` of this server is reached, from which the URL of a request (`htu`) is built; the origin
   * of `resource` by default. To be set where a proxy strips a path. The Host header is never asked.
   */
  readonly baseUrl?: string | undefined
  /** Further public URLs of the same server, such as its mutual-TLS host. */
  readonly otherBaseUrls?: readonly string[] | undefined
  /** `enforce` by default. */
  readonly mode?: Mode | undefined
  /** `dpop` by default. */
  readonly senderConstraint?: SenderConstraint | undefined
  /** Where used proofs are remembered; in memory by default, which is right for one process only. */
  readonly replay?: Replay | undefined
  /** Whether proofs must carry a nonce of this API, and the key to make nonces with. */
  readonly nonces?: 'off' | NonceOptions | undefined
  /** Whether tokens are read, asked for, or both: then a JWT is verified first. `jwt` by default. */
  readonly tokens?: 'jwt' | 'introspection' | 'both' | undefined
  readonly introspection?: IntrospectionOptions | undefined
  /** How long after `exp` a token is still taken, 0 to 60 seconds; 0 by default. */
  readonly clockTolerance?: Seconds | undefined
  /** The algorithms of tokens and proofs; all of the profile by default. */
  readonly algorithms?: readonly Algorithm[] | undefined
  /** What a `status` in a token means: looked up where there is one (the default), asked of every token, or ignored. */
  readonly statusList?: 'honoured' | 'required' | 'off' | undefined
  /**
   * How long a status list is used before it is fetched again, 1 second or more, and never longer than its `ttl`; 3 by
   * default. A revocation takes as long, and as long as the issuer needs to publish it: a second, where it is Signet.
   */
  readonly statusListSeconds?: Seconds | undefined
  /** For so long more the last good list is used while there is no new one; 60 by default. */
  readonly statusListGraceSeconds?: Seconds | undefined
  /** Where certificates come from, if not from the TLS connection itself. */
  readonly certificateHeader?: CertificateHeaderOptions | undefined
  /** The keys that clients sign their requests with, for routes with signed requests. */
  readonly clientKeys?: ClientKeyOptions | undefined
  /** The key of this API, for routes with signed answers. */
  readonly responseKey?: SigningKey | undefined
  /** How large the body of a signed request may be, in bytes; 1 MiB by default. */
  readonly largestBody?: number | undefined
  /** PEM certificates of the authority that issuers are trusted by, instead of those of the platform. */
  readonly ca?: string | readonly string[] | undefined
  /** How many verified tokens are remembered until they expire; 4096 by default, 0 for none. */
  readonly rememberedTokens?: number | undefined
  /** Where `responseKey` is published as a JWK set, for the metadata document. @see RFC 9728 §2 */
  readonly jwksUri?: string | undefined
  /** For the metadata document. */
  readonly scopesSupported?: readonly string[] | undefined
  readonly resourceName?: string | undefined
  readonly resourceDocumentation?: string | undefined
  readonly authorizationDetailsTypes?: readonly string[] | undefined
  /** For logs and metrics: every broken rule, whatever the mode. */
  readonly onRefusal?: ((event: RefusalEvent) => void) | undefined
  /** For logs and metrics: another server does not answer as it should. */
  readonly onTrouble?: ((trouble: Trouble) => void) | undefined
}

import type { Profile } from '@signet/engine'
import type { CertificateHeaderFormat, KeyManagement } from '@signet/protocol'

/** A configuration file by its own names, checked by `schema.ts`: `undefined` says absent, as zod does. */
export interface ConfigFile extends Omit<ServiceFile, 'issuer' | 'mtls_origin'> {
  readonly $schema?: string | undefined
  readonly issuer?: string | undefined
  /** Several issuers in one process; instead of issuer and what belongs to it. */
  readonly services?: readonly ServiceFile[] | undefined
  readonly listen: ListenFile
  readonly mtls?: MutualTlsFile | undefined
  readonly proxies?: ProxiesFile | undefined
  readonly management?: { readonly host?: string | undefined; readonly port: number } | undefined
  readonly store: StoreFile
  readonly log?:
    { readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined } | undefined
  readonly outgoing?:
    | {
        readonly allow_private_hosts?: readonly string[] | undefined
        readonly trusted_cas?: readonly string[] | undefined
      }
    | undefined
  readonly keys?:
    | {
        readonly announce?: number | undefined
        readonly retire?: number | undefined
        readonly rotate_every?: number | undefined
        readonly rotate_nonces_every?: number | undefined
      }
    | undefined
  readonly master_key?: string | undefined
  readonly audit?:
    | { readonly retention?: number | undefined; readonly unauthenticated?: number | undefined }
    | undefined
  readonly drain?: number | undefined
}

/** Where state is kept. */
export interface StoreFile {
  readonly sqlite?: string | undefined
  readonly postgres?: string | undefined
  readonly redis?: string | undefined
  readonly connections?: number | undefined
  readonly prepared_statements?: boolean | undefined
  readonly trusted_cas?: readonly string[] | undefined
}

export interface ListenFile {
  readonly host?: string | undefined
  readonly port: number
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined
}

/** Where clients come with certificates. */
export interface MutualTlsFile {
  readonly origin: string
  readonly listen: ListenFile
  readonly trusted_cas?: readonly string[] | undefined
}

/** What stands before this server. */
export interface ProxiesFile {
  readonly trusted: readonly string[]
  readonly client_certificate_header?: CertificateHeaderFormat | undefined
}

/** What a file says of one issuer. */
export interface ServiceFile {
  readonly issuer: string
  readonly name?: string | undefined
  readonly profile?: Profile | undefined
  /** Instead of that of `mtls`, where several services share a path. */
  readonly mtls_origin?: string | undefined
  readonly lifetimes?: LifetimesFile | undefined
  readonly dpop?: { readonly nonce?: 'off' | 'required' | undefined } | undefined
  readonly status_list?:
    { readonly enabled?: boolean | undefined; readonly ttl?: number | undefined } | undefined
  readonly signing_algorithms?: readonly ('ES256' | 'PS256' | 'EdDSA')[] | undefined
  readonly request_object_encryption?: readonly KeyManagement[] | undefined
  /** RFC 7591 metadata. */
  readonly clients?: readonly Readonly<Record<string, unknown>>[] | undefined
  readonly scopes?: Readonly<Record<string, ScopeFile>> | undefined
  readonly resources?: readonly ResourceFile[] | undefined
  readonly default_resource?: string | undefined
  readonly users?: readonly UserFile[] | undefined
}

export interface LifetimesFile {
  readonly pushed_request?: number | undefined
  readonly interaction?: number | undefined
  readonly code?: number | undefined
  readonly access_token?: number | undefined
  readonly refresh_token?: number | undefined
  readonly id_token?: number | undefined
  readonly session?: number | undefined
}

export interface ScopeFile {
  readonly description: { readonly en: string; readonly de?: string | undefined }
}

export interface ResourceFile {
  readonly resource: string
  readonly scopes?: readonly string[] | undefined
  readonly introspection_clients?: readonly string[] | undefined
}

export interface UserFile {
  readonly username: string
  readonly password_hash: string
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

export {
  accessTokenRules,
  accessTokenSignatureRules,
  type PresentedAccessToken,
} from './access-token/access-token.rules.ts'
export type { AccessTokenClaims } from './access-token/claims.ts'
export { createAccessToken } from './access-token/create.ts'
export {
  verifyAccessToken,
  type AccessTokenContext,
  type VerifiedAccessToken,
} from './access-token/verify.ts'
export {
  createAuthorizationResponse,
  type AuthorizationResponse,
} from './authorization-response/create.ts'
export { boundTo, type Confirmation, type Sender } from './binding.ts'
export { assertionRules, assertionSignatureRules } from './client-assertion/assertion.rules.ts'
export { createClientAssertion, type AssertionRequest } from './client-assertion/create.ts'
export {
  verifyClientAssertion,
  type AssertionContext,
  type VerifiedAssertion,
} from './client-assertion/verify.ts'
export { accessTokenHash, createProof, type ProofRequest } from './dpop/create-proof.ts'
export { createNonces, type NonceOptions, type Nonces } from './dpop/nonce.ts'
export { proofContextRules } from './dpop/proof-context.rules.ts'
export type { NoncePolicy, ProofContext, VerifiedProof } from './dpop/proof-context.ts'
export { proofFieldRules, proofShapeRules, proofSignatureRules } from './dpop/proof.rules.ts'
export { verifyProof } from './dpop/verify-proof.ts'
export { fieldsOf } from './fields.ts'
export { duplicateName, MalformedForm, parameter, parseForm, type Form } from './form.ts'
export { createRequestSignature, type RequestToSign } from './http-signatures/create-request.ts'
export { createResponseSignature, type ResponseToSign } from './http-signatures/create-response.ts'
export {
  withFields,
  type FieldsToSet,
  type HttpRequest,
  type HttpResponse,
} from './http-signatures/message.ts'
export { UnsignableComponent } from './http-signatures/unsignable-component.ts'
export {
  readRequestSignature,
  verifyRequestContent,
  verifyRequestSignature,
  type RequestSignature,
} from './http-signatures/verify-request.ts'
export {
  responseKeyid,
  verifyResponseSignature,
  type ResponseContext,
} from './http-signatures/verify-response.ts'
export type { IdTokenClaims } from './id-token/claims.ts'
export { atHash, createIdToken } from './id-token/create.ts'
export { hintRules, hintSignatureRules } from './id-token/hint.rules.ts'
export { verifyIdTokenHint, type HintContext } from './id-token/verify-hint.ts'
export {
  createIntrospectionResponse,
  type IntrospectionResponse,
} from './introspection-response/create.ts'
export { signedIntrospectionRules } from './introspection-response/introspection-response.rules.ts'
export { ALGORITHMS, isAlgorithm, type Algorithm, type KeyType } from './jose/algorithms.ts'
export {
  CONTENT_ENCRYPTION,
  isContentEncryption,
  isKeyManagement,
  KEY_MANAGEMENT,
  type ContentEncryption,
  type KeyManagement,
} from './jose/encryption-algorithms.ts'
export {
  decodeJwt,
  MalformedJwt,
  mediaTypeOf,
  type DecodedJwt,
  type JwtHeader,
} from './jose/decode.ts'
export { decodeOrRefuse, type UnreadableJwt } from './jose/decode-or-refuse.ts'
export { decryptJwt, isEncryptedJwt, type AgreedEncryption } from './jose/decrypt.ts'
export {
  exportDecryptionJwk,
  importDecryptionJwk,
  type DecryptionJwk,
} from './jose/decryption-jwk.ts'
export type {
  DecryptionAlgorithm,
  DecryptionKey,
  PublishedEncryptionJwk,
} from './jose/decryption-key.ts'
export { describeSigningKey, verificationKeyOf } from './jose/describe-signing-key.ts'
export { encryptJwt, type EncryptionRequest } from './jose/encrypt.ts'
export { importEncryptionKeys, type EncryptionKey } from './jose/encryption-keys.ts'
export { generateEncryptionKey } from './jose/generate-encryption-key.ts'
export { generateSigningKey } from './jose/generate-signing-key.ts'
export { parseJsonObject, type JsonObject } from './jose/json-object.ts'
export { importJwks, type ImportedJwks } from './jose/jwks.ts'
export { importPublicJwk, type VerificationKey } from './jose/keys.ts'
export { exportPrivateJwk, importPrivateJwk, type PrivateJwk } from './jose/private-jwk.ts'
export {
  isObject,
  parsePublicJwk,
  privateMember,
  thumbprint,
  UnusableKey,
  type EcPublicJwk,
  type OkpPublicJwk,
  type PublicJwk,
  type RsaPublicJwk,
} from './jose/public-jwk.ts'
export { signJwt, type HeaderMembers } from './jose/sign.ts'
export type {
  ExternalSigningKey,
  PublishedJwk,
  SignedBy,
  Signer,
  SigningKey,
} from './jose/signing-key.ts'
export { Undecryptable } from './jose/undecryptable.ts'
export { isSignedByOneOf, selectKeys, verifySignature } from './jose/verify.ts'
export { createLogoutToken, LOGOUT_EVENT, type LogoutTokenClaims } from './logout-token/create.ts'
export type { AuthorizationServerMetadata, EndpointAliases } from './metadata.ts'
export {
  readPresentedCertificate,
  verifyCertificateAuthentication,
  type CertificateContext,
} from './mtls/authenticate.ts'
export type { AlternativeNames, CertificateUse } from './mtls/certificate-extensions.ts'
export {
  CERTIFICATE_HEADER_FORMATS,
  type CertificateHeaderFormat,
} from './mtls/certificate-header-formats.ts'
export { certificateFormatRules, certificateHeaderRules } from './mtls/certificate-header.rules.ts'
export { certificateHeaderNames, readCertificateHeader } from './mtls/certificate-header.ts'
export {
  certificateNameProblem,
  type CertificateAuthentication,
  type CertificateName,
  type CertificateNameField,
} from './mtls/certificate-name.ts'
export {
  certificateChainRules,
  certificateNameRules,
  certificateValidityRules,
  isCertificateOf,
  presentedCertificateRules,
  selfSignedCertificateRules,
} from './mtls/certificate.rules.ts'
export {
  certificateThumbprint,
  hasStrongKey,
  readCertificate,
  type ClientCertificate,
} from './mtls/certificate.ts'
export { readAuthorities, type Authorities } from './mtls/chain.ts'
export { importClientJwks } from './mtls/client-jwks.ts'
export {
  describeName,
  type DistinguishedName,
  type NameAttribute,
} from './mtls/distinguished-name.ts'
export { UnusableCertificate } from './mtls/unusable-certificate.ts'
export { challengeOf, isChallenge, isVerifier, matchesChallenge } from './pkce.ts'
export { createRecent, type Recent } from './recent.ts'
export { isJti, replayDigest } from './replay.ts'
export type { RequestObjectClaims } from './request-object/claims.ts'
export { requestParameters, TEXT_PARAMETERS } from './request-object/parameters.ts'
export {
  requestObjectRules,
  requestObjectSignatureRules,
} from './request-object/request-object.rules.ts'
export {
  readRequestObject,
  verifyRequestObject,
  type RequestObjectContext,
  type VerifiedRequestObject,
} from './request-object/verify.ts'
export { serialiseChallenges, type AuthenticationChallenge } from './resource/challenge.ts'
export { presentedToken, type PresentedToken, type TokenScheme } from './resource/credentials.ts'
export {
  presentationRules,
  readCredentials,
  type OnePresentation,
  type Presentation,
} from './resource/presentation.rules.ts'
export {
  invalidRequest,
  refusal,
  Refused,
  type ErrorCode,
  type Evidence,
  type Refusal,
} from './rules/refusal.ts'
export {
  algIsOfProfile,
  audIsClientAlone,
  expIsAhead,
  hasBegunByNow,
  isSignedWithAKey,
  issIsIssuer,
  jtiIsThere,
  typIs,
  typIsNoneOr,
  type SignedJwt,
} from './rules/jwt-judgements.ts'
export { breaches, enforce, type RequirementId, type Rule, type Rules } from './rules/rule.ts'
export { shown } from './rules/shown.ts'
export { createSeal, SealBroken, sealKeyName, type Seal } from './seal.ts'
export { packStatuses } from './status-list/bits.ts'
export type { StatusClaim, StatusListClaims } from './status-list/claims.ts'
export { createStatusList, type StatusListContent } from './status-list/create.ts'
export { TLS_SUITES } from './tls-suites.ts'
export {
  CLOCK_AHEAD,
  EXPIRY_GRACE,
  hasBegun,
  isNumericDate,
  isUnexpired,
  offset,
  type Seconds,
} from './time.ts'

import {
  accessTokenRules,
  accessTokenSignatureRules,
  assertionRules,
  assertionSignatureRules,
  certificateChainRules,
  certificateFormatRules,
  certificateHeaderRules,
  certificateNameRules,
  certificateValidityRules,
  hintRules,
  hintSignatureRules,
  presentationRules,
  presentedCertificateRules,
  proofContextRules,
  proofFieldRules,
  proofShapeRules,
  proofSignatureRules,
  requestObjectRules,
  requestObjectSignatureRules,
  selfSignedCertificateRules,
  type Rule,
} from '@signet/protocol'
import { formRules } from './back-channel.rules.ts'
import { attributionRules, credentialRules } from './client-authentication.rules.ts'
import {
  certificateAttributionRules,
  certificateCredentialRules,
} from './client-certificate.rules.ts'
import { arrivalRules, referenceRules, trustRules } from './flow/begin.rules.ts'
import { clientCredentialsRules } from './flow/client-credentials.rules.ts'
import { permissionRules } from './flow/decide.rules.ts'
import { logoutRules } from './flow/end-session.rules.ts'
import { codeAgeRules, exchangeRules } from './flow/exchange.rules.ts'
import { visitRules } from './flow/interaction.rules.ts'
import { pushRules } from './flow/push.rules.ts'
import { queryRules } from './flow/query.rules.ts'
import { narrowingRules, refreshRules } from './flow/refresh.rules.ts'
import { grantChoiceRules, possessionRules } from './flow/token.rules.ts'
import { targetRules } from './tokens/audience.rules.ts'
import { presentedTokenRules, revocationRules } from './tokens/presented-token.rules.ts'
import { accessRules, bindingRules, resourcePossessionRules } from './tokens/userinfo.rules.ts'

type Obligation = Pick<Rule<never>, 'reason' | 'says'>

const LISTS: readonly (readonly Obligation[])[] = [
  accessRules,
  accessTokenRules,
  accessTokenSignatureRules,
  arrivalRules,
  assertionRules,
  assertionSignatureRules,
  bindingRules,
  certificateAttributionRules,
  certificateChainRules,
  certificateCredentialRules,
  certificateFormatRules,
  certificateHeaderRules,
  certificateNameRules,
  certificateValidityRules,
  clientCredentialsRules,
  codeAgeRules,
  attributionRules,
  credentialRules,
  exchangeRules,
  formRules,
  grantChoiceRules,
  hintRules,
  hintSignatureRules,
  logoutRules,
  narrowingRules,
  permissionRules,
  possessionRules,
  presentationRules,
  presentedCertificateRules,
  presentedTokenRules,
  proofContextRules,
  proofFieldRules,
  proofShapeRules,
  proofSignatureRules,
  pushRules,
  queryRules,
  referenceRules,
  refreshRules,
  requestObjectRules,
  requestObjectSignatureRules,
  resourcePossessionRules,
  revocationRules,
  selfSignedCertificateRules,
  targetRules,
  trustRules,
  visitRules,
]

const BY_REASON: ReadonlyMap<string, string> = new Map(
  LISTS.flat().map(({ reason, says }) => [reason, says]),
)

/**
 * What a rule says, found by the reason of its breach; to be read after "The server …". Undefined for a refusal that no rule
 * made, because only a store could tell.
 */
export function obligationOf(reason: string): string | undefined {
  return BY_REASON.get(reason)
}

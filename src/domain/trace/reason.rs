//! The stable reason codes. A code never changes its meaning and is never used twice; the sentence
//! says what to do, and leaks nothing about users, secrets or registered values.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who can mend the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The person in front of the browser.
    Person,
    /// Whoever writes or configures the client.
    Developer,
    /// Whoever runs this server.
    Administrator,
}

macro_rules! reasons {
    ($($name:ident = $code:literal, $audience:ident, $summary:literal, $next:literal;)+) => {
        /// Why a request was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason {
            $(#[doc = concat!("`", $code, "`: ", $summary)] $name,)+
        }

        impl Reason {
            /// Every reason, in the order of the codes' groups.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable code, for example `AS-1301`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What happened, in one public sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$name => $summary),+ }
            }

            /// What to do about it.
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next),+ }
            }

            /// Who can mend it.
            pub const fn audience(self) -> Audience {
                match self { $(Self::$name => Audience::$audience),+ }
            }
        }
    };
}

reasons! {
    // 10xx: the authorization endpoint
    ClientIdMissing = "AS-1000", Developer, "The request names no client_id.", "Send the client_id that this server issued for the app.";
    ClientUnknown = "AS-1001", Developer, "The client is not known here, or is not in use.", "Check the client_id and the issuer; an administrator can look at the client's state.";
    RedirectUriMissing = "AS-1002", Developer, "The request names no redirect_uri.", "Send redirect_uri; it is required.";
    RedirectUriNotRegistered = "AS-1003", Developer, "The redirect_uri is not registered for this client.", "Addresses are compared character by character; ask an administrator to open this trace and compare.";
    ParameterDuplicated = "AS-1004", Developer, "A parameter was sent more than once.", "Send each parameter once.";
    ParameterMalformed = "AS-1005", Developer, "A parameter is malformed, too long, or not text.", "Check the parameter's encoding and length.";
    ResponseTypeMissing = "AS-1006", Developer, "The request names no response_type.", "Send a response_type that the client is registered for; mostly code.";
    ResponseTypeUnsupported = "AS-1007", Developer, "The response_type is not offered to this client.", "Use a response_type that the client is registered for; mostly code.";
    ResponseModeUnsupported = "AS-1008", Developer, "The response_mode is not offered.", "Use a response_mode listed in the metadata, or leave it out.";
    ScopeMalformed = "AS-1009", Developer, "The scope is malformed.", "Separate scopes by single spaces, not commas, and use printable characters.";
    ScopeNotAllowed = "AS-1010", Developer, "A scope is not allowed for this client.", "Ask for registered scopes only; an administrator can allow more for the client.";
    PromptUnknown = "AS-1011", Developer, "The prompt value is not known.", "Use a value that the metadata lists in prompt_values_supported.";
    PromptNoneCombined = "AS-1012", Developer, "prompt=none was combined with another value.", "Send prompt=none alone.";
    MaxAgeMalformed = "AS-1013", Developer, "max_age is not a non-negative number of seconds.", "Send max_age as a whole number of seconds.";
    ResourceUnknown = "AS-1016", Developer, "The resource is not known here.", "Name a registered API exactly, or leave resource out; the client's registered audience is then used.";
    LoginRequired = "AS-1017", Developer, "Nobody is signed in, and prompt=none forbids asking.", "Send the request without prompt=none.";
    ConsentRequired = "AS-1018", Developer, "Consent is missing, and prompt=none forbids asking.", "Send the request without prompt=none.";
    AccountSelectionRequired = "AS-1019", Developer, "Another account is signed in than the one asked for, and prompt=none forbids asking.", "Send the request without prompt=none.";
    PersonDeclined = "AS-1020", Person, "The person declined.", "Start again from the app if this was a mistake.";
    InteractionExpired = "AS-1021", Person, "This page has expired or was already used.", "Go back to the app and sign in again.";
    InteractionElsewhere = "AS-1022", Person, "This page was opened in another browser.", "Go back to the app and sign in again in this browser.";
    FormTokenInvalid = "AS-1023", Person, "The form was not sent from this server's own page.", "Reload the page and send it again; cookies must be allowed.";
    GrantNotAllowedForClient = "AS-1024", Developer, "The client may not use the grant that the response_type stands for.", "Ask an administrator to allow the client the grant: authorization_code for a code, implicit for tokens.";
    IdTokenHintInvalid = "AS-1025", Developer, "The id_token_hint was not issued here.", "Send an ID token that this server issued, unmodified.";
    ClaimsMalformed = "AS-1026", Developer, "The claims parameter is not valid JSON of the expected shape.", "Send the claims parameter as OpenID Connect Core 5.5 describes it.";
    RegistrationUnsupported = "AS-1027", Developer, "The registration parameter is not offered.", "Register the client beforehand; leave registration out.";
    RestrictionUnsupported = "AS-1028", Developer, "A parameter that would restrict the grant is not offered here.", "Leave authorization_details and dpop_jkt out of this request; at the token endpoint a DPoP proof binds the tokens, and nothing binds an access token through the browser.";
    NonceMissing = "AS-1030", Developer, "An ID token through the browser needs a nonce.", "Send a nonce of your own, new for each request, and compare it with the ID token's.";
    OpenidScopeNotRequested = "AS-1031", Developer, "The response_type asks for an ID token, but the scope does not.", "Ask for the scope openid too.";
    TokensInQuery = "AS-1032", Developer, "This response_mode would put tokens into an address, which is logged.", "Leave response_mode out, or use fragment, form_post or their signed forms.";
    ResponseModeNotAllowed = "AS-1033", Developer, "The response_mode is not allowed for this client.", "Name a response_mode that the client is registered for.";
    AcrUnmet = "AS-1034", Developer, "Nobody can be authenticated here in the way that the claims parameter demands.", "Ask for an acr listed in acr_values_supported, or make it voluntary.";
    PushedRequestNested = "AS-1040", Developer, "A pushed request carries a request_uri.", "Push the parameters themselves, without request_uri.";
    PushedRequestUnknown = "AS-1041", Developer, "The request_uri is not known here.", "Send the request_uri exactly as the pushed authorization request endpoint answered it.";
    PushedRequestExpired = "AS-1042", Person, "This sign-in link has expired.", "Go back to the app and sign in again.";
    PushedRequestUsed = "AS-1043", Person, "This sign-in link was already used.", "Go back to the app and sign in again.";
    PushedRequestOfAnotherClient = "AS-1044", Developer, "The request_uri was issued to another client.", "Use it with the client that pushed the request.";
    PushedRequestRequired = "AS-1045", Developer, "This client must push its authorization requests.", "Send the parameters to the pushed authorization request endpoint first, then client_id and the request_uri here.";
    RequestUriNotRegistered = "AS-1046", Developer, "The request_uri is not registered for this client.", "An administrator can register the address; it is compared character by character, without its fragment.";
    RequestUriUnavailable = "AS-1047", Developer, "The request object could not be fetched.", "Check that the registered address answers with the request object, over https, without a redirect and within five seconds.";
    RequestObjectTwice = "AS-1048", Developer, "request and request_uri were sent together.", "Send one of them.";
    RequestObjectMalformed = "AS-1049", Developer, "The request object is not a valid JWT of its kind.", "Send a compact JWS of at most 16 KiB; its typ, if it has one, is oauth-authz-req+jwt or JWT.";
    RequestObjectSignature = "AS-1050", Developer, "The request object's signature does not verify.", "Sign with the private key whose public half is registered for this client.";
    RequestObjectAlgorithm = "AS-1051", Developer, "The request object is signed with another algorithm than this client may use.", "Use the registered request_object_signing_alg, or an asymmetric algorithm that the metadata lists.";
    RequestObjectUnsigned = "AS-1052", Developer, "Unsigned request objects are not allowed for this client.", "Sign it, or place it at a registered request_uri; an administrator can register request_object_signing_alg none.";
    RequestObjectEncrypted = "AS-1053", Developer, "The request object is encrypted, but the client is not registered for that.", "Leave the encryption out, or ask an administrator to set request_object_encryption_alg.";
    RequestObjectExpired = "AS-1054", Developer, "The request object is expired, or not yet valid.", "Check the client's clock; sign a new object for each request.";
    RequestObjectClaims = "AS-1055", Developer, "The claims of the request object are not acceptable.", "iss is the client_id, aud is the issuer, sub is not the client_id; where the client must sign, nbf and exp are at most an hour apart.";
    RequestObjectNested = "AS-1056", Developer, "The request object names another request object.", "Leave request and request_uri out of it.";
    RequestObjectMismatch = "AS-1057", Developer, "client_id or response_type in the request object is not the one of the request.", "Say the same inside and outside.";
    RequestObjectValue = "AS-1058", Developer, "A parameter in the request object has the wrong JSON type.", "Parameters are texts, whole numbers or booleans; claims is an object.";
    SignedRequestRequired = "AS-1059", Developer, "This client must send its parameters in a signed request object.", "Send them in request, signed with the client's key.";
    PushedRequestTooMany = "AS-1060", Developer, "Too many pushed requests wait for a person at this network.", "Try again in a minute; push a request when a person signs in, not before.";
    PushedRequestTooLarge = "AS-1061", Developer, "The pushed request is too large.", "Send at most 20 KiB of parameters; put what is large where a reference to it can be sent.";
    ResourceMalformed = "AS-1070", Developer, "A resource is malformed, or there are too many.", "Send absolute URIs without fragment, at most 8.";
    ResourceNotAllowed = "AS-1071", Developer, "The client may not ask for this resource.", "An administrator can allow one of the API's scopes for the client, or self-registered clients for the API.";
    ResourceNotGranted = "AS-1072", Developer, "The resource is not among those that were granted.", "Name the resource in the authorization request too.";
    ScopeOfAnotherResource = "AS-1073", Developer, "None of the scopes belongs to the resource.", "Ask for scopes of the resource that is named.";
    DetailsMalformed = "AS-1080", Developer, "The authorization_details are malformed.", "Send a JSON array of 1 to 16 objects, each with a type, within 8 KiB, at most 8 levels deep, and within 64 KiB as people are shown it, each value with its whole path.";
    DetailsTypeUnknown = "AS-1081", Developer, "A type of authorization_details is not known here.", "Use a type listed in the metadata.";
    DetailsTypeNotAllowed = "AS-1082", Developer, "The client may not use this type of authorization_details.", "An administrator can allow the type for the client.";
    DetailsNotOfSchema = "AS-1083", Developer, "An authorization_details object does not keep to the schema of its type.", "Compare the object with the documentation of its type.";
    DetailsExceedGrant = "AS-1084", Developer, "The authorization_details ask for more than was granted.", "Repeat granted objects unchanged, or fewer of them.";
    // 11xx: the token endpoint, introspection, revocation, userinfo
    GrantTypeMissing = "AS-1100", Developer, "The request names no grant_type.", "Send grant_type.";
    GrantTypeUnsupported = "AS-1101", Developer, "The grant_type is not offered.", "Use a grant type listed in the metadata.";
    GrantTypeNotAllowed = "AS-1102", Developer, "The client may not use this grant_type.", "Ask an administrator to allow the grant for the client.";
    CodeMissing = "AS-1110", Developer, "The request carries no code.", "Send the code from the authorization response.";
    CodeUnknown = "AS-1111", Developer, "The code is not valid.", "Start the sign-in again; a code is used once, at once, by the client it was issued to.";
    CodeExpired = "AS-1112", Developer, "The code has expired.", "Redeem the code within its lifetime, right after the redirect.";
    CodeOfAnotherClient = "AS-1113", Developer, "The code was issued to another client.", "Redeem the code with the client that started the sign-in.";
    CodeReplayed = "AS-1114", Developer, "The code was used before; all that came from it has been revoked.", "Use a code once; start the sign-in again.";
    CodeRedirectUriMismatch = "AS-1115", Developer, "The redirect_uri differs from the authorization request's.", "Send the very same redirect_uri in both requests.";
    RefreshTokenMissing = "AS-1120", Developer, "The request carries no refresh_token.", "Send refresh_token.";
    RefreshTokenUnknown = "AS-1121", Developer, "The refresh token is not valid.", "Start the sign-in again.";
    RefreshTokenExpired = "AS-1122", Developer, "The refresh token has expired.", "Start the sign-in again.";
    RefreshTokenOfAnotherClient = "AS-1123", Developer, "The refresh token was issued to another client.", "Use it with the client that it was issued to.";
    RefreshTokenReused = "AS-1124", Developer, "The refresh token was used before; the family has been revoked.", "Store the newest refresh token; start the sign-in again.";
    AuthorizationRevoked = "AS-1125", Developer, "The authorization has been revoked.", "Start the sign-in again.";
    SessionEnded = "AS-1126", Developer, "The session that this came from has ended.", "Start the sign-in again.";
    UserNotActive = "AS-1127", Developer, "The account may not receive tokens.", "An administrator can look at the account's state.";
    ConsentWithdrawn = "AS-1128", Developer, "The consent has been withdrawn.", "Start the sign-in again and ask for consent.";
    ScopeExceedsGrant = "AS-1129", Developer, "The scope asks for more than was granted.", "Ask for the granted scopes or fewer.";
    OpenidScopeNotForMachines = "AS-1130", Developer, "client_credentials has no person to describe.", "Leave openid and offline_access out.";
    TokenMissing = "AS-1140", Developer, "The request carries no token.", "Send the token parameter.";
    IntrospectionNotAllowed = "AS-1141", Developer, "This client may not introspect tokens.", "Use a confidential client that is allowed to introspect.";
    TokenOfAnotherClient = "AS-1142", Developer, "The token was issued to another client.", "Revoke a token with the client that it was issued to.";
    BearerMissing = "AS-1150", Developer, "The request carries no access token.", "Send Authorization: Bearer with the access token.";
    BearerInvalid = "AS-1151", Developer, "The access token is not valid, has expired, or was revoked.", "Get a new access token.";
    BearerInQuery = "AS-1152", Developer, "An access token was sent in the query.", "Send it in the Authorization header; and revoke this one, because addresses are logged.";
    BearerTwice = "AS-1153", Developer, "The access token was sent in more than one way.", "Send it in the Authorization header only.";
    OpenidScopeMissing = "AS-1154", Developer, "The access token was not issued for openid.", "Ask for the scope openid in the authorization request.";
    BearerAudience = "AS-1155", Developer, "The access token is not for this server.", "Ask for the scope openid: the token is then also for the issuer; an exchanged one is if its policy names the issuer.";
    DeferredCodeMissing = "AS-1160", Developer, "The request carries no device_code or auth_req_id.", "Send what the first request was answered with.";
    DeferredCodeUnknown = "AS-1161", Developer, "The device_code or auth_req_id is not valid.", "Begin again; a code is used once, by the client it was issued to.";
    DeferredCodeOfAnotherClient = "AS-1162", Developer, "The device_code or auth_req_id was issued to another client.", "Ask with the client that made the first request.";
    DeferredCodeRedeemed = "AS-1163", Developer, "The device_code or auth_req_id was used before.", "Use it once; begin again.";
    DeferredCodeExpired = "AS-1164", Developer, "The device_code or auth_req_id has expired.", "Begin again, and show the person the new code.";
    AuthorizationPending = "AS-1165", Developer, "Nobody has answered the request yet.", "Ask again after the interval.";
    PollingTooFast = "AS-1166", Developer, "The client asks too often.", "Wait five seconds more between two requests from now on.";
    DeferredRestriction = "AS-1167", Developer, "A parameter would restrict the request in a way that only an authorization request through the browser can.", "Leave out request_uri, code_challenge, any prompt but consent, and demands (sub, acr) in claims, a device also request and id_token_hint; max_age and acr_values are honoured.";
    SubjectTokenMissing = "AS-1170", Developer, "The request carries no subject_token.", "Send the token to exchange as subject_token.";
    SubjectTokenTypeUnsupported = "AS-1171", Developer, "The subject_token_type is not offered.", "Use the token type URN of an access token, refresh token or ID token.";
    RequestedTokenTypeUnsupported = "AS-1172", Developer, "The requested_token_type is not offered.", "Ask for an access token, or leave requested_token_type out.";
    ActorTokenInvalid = "AS-1173", Developer, "The actor_token is not acceptable.", "Send an access token that was issued to this very client, with its actor_token_type.";
    SubjectTokenInvalid = "AS-1174", Developer, "The subject_token is not valid, has expired, or is not about a person.", "Send a live token that this server issued for a person.";
    ExchangeNotAllowed = "AS-1175", Developer, "This client may not exchange tokens of that client.", "An administrator can allow the pair with an exchange policy.";
    ExchangeTargetNotAllowed = "AS-1176", Developer, "The audience is not one that the exchange policy allows.", "Name an allowed audience; an administrator can add one to the policy.";
    ExchangeTargetMissing = "AS-1177", Developer, "The request names no audience, and the policy allows several.", "Send audience.";
    ExchangeChainTooLong = "AS-1178", Developer, "The token has been handed on too often.", "Let fewer services act for one another.";
    BearerAssertionKind = "AS-1179", Developer, "The assertion is a JWT of another kind.", "Its typ, if it has one, is authorization-grant+jwt or JWT, and it has no events.";
    BearerAssertionMissing = "AS-1180", Developer, "The request carries no assertion.", "Send the JWT of the trusted issuer as assertion.";
    BearerAssertionIssuer = "AS-1181", Developer, "The issuer of the assertion is not trusted here.", "An administrator can register the issuer and its keys.";
    BearerAssertionSignature = "AS-1182", Developer, "The assertion does not verify with the keys of its issuer.", "Send a compact JWS, signed with a registered key of the issuer.";
    BearerAssertionClaims = "AS-1183", Developer, "The claims of the assertion are not acceptable.", "aud is this issuer or its token endpoint, exp is within the hour, sub and a unique jti are there.";
    BearerAssertionExpired = "AS-1184", Developer, "The assertion is expired, or not yet valid.", "Check the clock of its issuer; get a new assertion for each request.";
    BearerAssertionReplayed = "AS-1185", Developer, "The assertion was used before.", "Get a new assertion with a new jti for each request.";
    BearerSubjectUnknown = "AS-1186", Developer, "The subject of the assertion is nobody here who may receive tokens.", "The sub must name an active account in the way that the issuer is registered for.";
    BearerClientNotAllowed = "AS-1187", Developer, "The issuer of the assertion may not vouch towards this client.", "An administrator can add the client to the trusted issuer.";
    BearerConsentMissing = "AS-1188", Developer, "The person has not allowed this client what it asks for.", "Let the person sign in to the app once and agree, or ask for fewer scopes.";
    BackchannelHint = "AS-1189", Developer, "The request does not name the person by exactly one hint.", "Send either login_hint or id_token_hint; login_hint_token is not offered.";
    BackchannelScope = "AS-1190", Developer, "The scope of the request does not name openid.", "Ask for the scope openid too.";
    BackchannelPersonUnknown = "AS-1191", Developer, "The hint is about nobody here who may sign in.", "Check the username, the address or the ID token that names the person.";
    BindingMessageMalformed = "AS-1192", Developer, "The binding_message cannot be shown.", "Send at most 64 printable ASCII characters.";
    RequestedExpiry = "AS-1193", Developer, "requested_expiry is not a positive number of seconds.", "Send a whole number of seconds; more than an hour is cut.";
    NotificationToken = "AS-1194", Developer, "The client_notification_token is missing or malformed.", "Send a bearer token of at most 1024 characters; a client that is pinged needs one.";
    BackchannelUserCode = "AS-1195", Developer, "user_code is not offered.", "Leave user_code out.";
    BackchannelRequestUnsigned = "AS-1196", Developer, "This client must sign its requests.", "Send the parameters in request, signed with the registered algorithm.";
    BackchannelRequestNotOffered = "AS-1197", Developer, "This client is not registered for signed requests.", "Send plain parameters, or register backchannel_authentication_request_signing_alg.";
    BackchannelRequestReplayed = "AS-1198", Developer, "The signed request was used before.", "Sign a new one with a new jti for each request.";
    BackchannelRequestMixed = "AS-1199", Developer, "A parameter stands next to the signed request.", "Put every parameter into request, but for those that authenticate the client.";
    // 12xx: client authentication
    ClientAuthenticationMissing = "AS-1200", Developer, "The client did not authenticate.", "Authenticate with the client's registered method.";
    ClientAuthenticationAmbiguous = "AS-1201", Developer, "The client authenticated in more than one way.", "Use exactly one method.";
    ClientAuthenticationMalformed = "AS-1202", Developer, "The client's credentials are malformed.", "For Basic, form-encode id and secret, join them with a colon and base64-encode the whole.";
    ClientAuthenticationFailed = "AS-1203", Developer, "The client's credentials are not valid.", "Check client_id and secret, or ask an administrator to open this trace.";
    ClientSecretExpired = "AS-1204", Developer, "The client's credentials are not valid.", "Ask an administrator to open this trace.";
    ClientMethodMismatch = "AS-1205", Developer, "The client used another authentication method than the registered one.", "Use the registered token_endpoint_auth_method.";
    AssertionTypeUnsupported = "AS-1210", Developer, "The client_assertion_type is not offered.", "Use urn:ietf:params:oauth:client-assertion-type:jwt-bearer.";
    AssertionMalformed = "AS-1211", Developer, "The client assertion is not a valid signed JWT.", "Send a compact JWS with an asymmetric algorithm.";
    AssertionSignature = "AS-1212", Developer, "The client assertion's signature does not verify.", "Sign with the private key whose public half is registered.";
    AssertionClaims = "AS-1213", Developer, "The client assertion's claims are not acceptable.", "iss and sub are the client_id, aud is the issuer, exp is near, jti is unique.";
    AssertionExpired = "AS-1214", Developer, "The client assertion is expired, or not yet valid.", "Check the client's clock; sign a new assertion for each request.";
    AssertionReplayed = "AS-1215", Developer, "The client assertion was used before.", "Sign a new assertion with a new jti for each request.";
    ClientKeysUnavailable = "AS-1216", Developer, "The client's keys could not be fetched.", "Check that the registered jwks_uri answers with a JWK set.";
    EncryptionKeyUnavailable = "AS-1250", Developer, "There is no key of the client to encrypt the answer for.", "Publish a public key with use enc for the registered algorithm in jwks or at jwks_uri.";
    // 1217 to 1249: proof of possession, and the methods that use a secret's key or a certificate
    DpopProofMultiple = "AS-1217", Developer, "The request carries more than one DPoP proof.", "Send one DPoP header.";
    DpopProofMalformed = "AS-1218", Developer, "The DPoP proof is not a well-formed proof.", "Send a signed JWT of typ dpop+jwt with jti, htm, htu and iat, and with an access token also ath.";
    DpopProofKey = "AS-1219", Developer, "The DPoP proof has no usable public key.", "Put the public key alone into the header as jwk, of a type that fits the algorithm.";
    DpopProofSignature = "AS-1220", Developer, "The DPoP proof's signature does not verify.", "Sign with the private key whose public half is in the header, with an algorithm of the metadata.";
    DpopProofTarget = "AS-1221", Developer, "The DPoP proof is for another request.", "htm is the method, htu the whole address of the endpoint as the metadata names it.";
    DpopProofExpired = "AS-1222", Developer, "The DPoP proof is not of this minute.", "Check the clock; sign a new proof for each request.";
    DpopProofReplayed = "AS-1223", Developer, "The DPoP proof was used before.", "Sign a new proof with a new jti for each request.";
    DpopProofToken = "AS-1224", Developer, "The DPoP proof is for another access token.", "ath is the base64url SHA-256 of the access token that is sent.";
    DpopNonceRequired = "AS-1225", Developer, "The DPoP proof needs a nonce of this server.", "Repeat the request with the value of the DPoP-Nonce header as nonce.";
    DpopProofMissing = "AS-1226", Developer, "The DPoP proof is missing.", "Send a DPoP header; this token, or this client, is bound to a key.";
    GrantBoundElsewhere = "AS-1227", Developer, "The code or refresh token is bound to another key.", "Prove the key that it was bound to when it was issued.";
    TokenBoundElsewhere = "AS-1228", Developer, "The access token is not used the way it is bound.", "Send a token bound to a key as DPoP with a proof of that key, one bound to a certificate over that certificate, any other as Bearer.";
    DpopThumbprintMalformed = "AS-1229", Developer, "The dpop_jkt is malformed.", "Send the base64url SHA-256 thumbprint of the key: 43 characters.";
    DpopThumbprintMismatch = "AS-1230", Developer, "dpop_jkt and the DPoP proof name different keys.", "Send the thumbprint of the key of the proof, or leave dpop_jkt out.";
    CertificateMissing = "AS-1231", Developer, "The client certificate is missing.", "Call the address of mtls_endpoint_aliases with the client's certificate.";
    CertificateMismatch = "AS-1232", Developer, "The client certificate is not the registered one.", "Show the certificate that is registered for the client, within its time.";
    CertificateUntrusted = "AS-1233", Developer, "No configured authority vouches for the client certificate.", "Use a certificate of an authority in mtls.ca_file, or register a self-signed one.";
    AssertionKind = "AS-1234", Developer, "The client assertion is a JWT of another kind.", "Its typ, if it has one, is client-authentication+jwt or JWT, and it has no parameters of an authorization request.";
    // 13xx: PKCE
    PkceRequired = "AS-1301", Developer, "This client must send code_challenge (PKCE).", "Your library may need pkce=true; an administrator can relax it for a confidential client.";
    PkceMethodUnsupported = "AS-1302", Developer, "The code_challenge_method is not offered.", "Use code_challenge_method=S256.";
    PkceChallengeMalformed = "AS-1303", Developer, "The code_challenge is malformed.", "Send the base64url SHA-256 of the verifier: 43 characters.";
    PkceVerifierMissing = "AS-1304", Developer, "The code_verifier is missing.", "Send the verifier whose challenge was sent in the authorization request.";
    PkceVerifierMismatch = "AS-1305", Developer, "The code_verifier does not match.", "Send the verifier that belongs to this very sign-in.";
    PkceVerifierUnexpected = "AS-1306", Developer, "A code_verifier was sent, but no code_challenge before.", "Send code_challenge in the authorization request.";
    PkceRequiredInPush = "AS-1307", Developer, "A pushed request of this client must have a code_challenge (PKCE).", "Send code_challenge with code_challenge_method=S256; the client's security profile wants it in what is pushed.";
    // 14xx: clients that register themselves, and metadata documents
    RegistrationOff = "AS-1400", Developer, "Clients cannot register themselves here.", "Ask an administrator to create the client, or to allow registration: symbolon registration policy set.";
    RegistrationTokenMissing = "AS-1401", Developer, "Registration needs an initial access token.", "Ask an administrator for one, and send it as a bearer token.";
    RegistrationTokenInvalid = "AS-1402", Developer, "The initial access token is not valid, has expired, or was used up.", "Ask an administrator for a new one.";
    RegistrationTooMany = "AS-1403", Developer, "Too many clients were registered from this network.", "Wait an hour, or register with an initial access token.";
    RegistrationFull = "AS-1404", Administrator, "No more clients can register themselves.", "Delete some, or raise the bound: symbolon registration policy set --max-clients.";
    RegistrationMalformed = "AS-1405", Developer, "The registration is not a JSON object.", "Send one JSON object as application/json, no member twice, at most 32 levels deep.";
    ClientQuarantined = "AS-1406", Administrator, "This app registered itself and waits for an administrator's approval.", "An administrator lets it in: symbolon registration release with the client_id.";
    RegistrationRedirectUri = "AS-1410", Developer, "A redirect URI cannot be registered.", "Use https, a loopback address or a native app's own scheme; no fragment, wildcard or user name.";
    RegistrationMetadata = "AS-1411", Developer, "A member of the client metadata is not acceptable.", "See RFC 7591 for the values, and the metadata of this server for what it supports.";
    SoftwareStatementRefused = "AS-1412", Developer, "Software statements are not trusted here.", "Leave software_statement out and send the metadata plainly.";
    RegistrationProtection = "AS-1413", Developer, "The metadata asks for a protection that is not offered.", "Leave the member out if the app can do without it.";
    RegistrationNotAllowed = "AS-1414", Developer, "The policy of this server does not let clients register for this.", "Register for less, or ask an administrator.";
    ManagementTokenInvalid = "AS-1420", Developer, "The registration access token is not valid.", "Send the token that came with the registration to its registration_client_uri.";
    ManagementMismatch = "AS-1421", Developer, "client_id or client_secret are not the registered ones.", "Send them as they were issued, or leave client_secret out.";
    LoginInitiationUnknown = "AS-1430", Person, "This app cannot be started from here.", "Open the app itself and sign in there.";
    LoginInitiationTarget = "AS-1431", Person, "This link leads to an address that is not the app's own.", "Open the app itself and sign in there.";
    DocumentNotAccepted = "AS-1440", Developer, "The client_id is the address of a metadata document, and this server does not accept it.", "Ask an administrator to allow its host: symbolon registration policy set.";
    DocumentAddressMalformed = "AS-1441", Developer, "The client_id is not an address that a metadata document can have.", "Use https with a path; no fragment, user name, query or dot segments.";
    DocumentUnavailable = "AS-1442", Developer, "The client's metadata document could not be fetched.", "It must answer 200 with JSON of at most 64 KiB within 5 seconds, without redirects, at a public address.";
    DocumentMismatch = "AS-1443", Developer, "The client's metadata document names another client_id.", "Its client_id must be its own address, character by character.";
    DocumentMetadata = "AS-1444", Developer, "The client's metadata document is not acceptable.", "See the metadata rules of RFC 7591; there can be no client secret in it.";
    // 15xx: logout
    LogoutRedirectNotRegistered = "AS-1501", Developer, "The post_logout_redirect_uri is not registered for this client.", "Addresses are compared character by character; register the address for the client.";
    LogoutHintInvalid = "AS-1502", Developer, "The id_token_hint was not issued here.", "Send the ID token as it was received.";
    LogoutClientMismatch = "AS-1503", Developer, "client_id and id_token_hint name different clients.", "Send the client's own ID token.";
    LogoutHintMissing = "AS-1504", Developer, "A post_logout_redirect_uri needs an id_token_hint or client_id.", "Send id_token_hint with it.";
    // 16xx: requests that a person answers on another device
    UserCodeUnknown = "AS-1600", Person, "That code is not known here, or has expired.", "Check the code on the device, or start again there.";
    UserCodeThrottled = "AS-1601", Person, "Too many codes were tried.", "Wait a few minutes before the next attempt.";
    ConfirmationMissing = "AS-1602", Person, "The box is not ticked.", "Tick the box only if you started this yourself.";
    DeferredAnswered = "AS-1603", Person, "This request was answered before, or has expired.", "Start again where it came from: on the device, or in the app that asked.";
    DeviceTooMany = "AS-1604", Developer, "Too many codes of devices wait for an answer at this network.", "Try again in a minute; do not ask for a code before a person is there to type it.";
    // 17xx: security profiles of clients
    ProfileAlgorithm = "AS-1700", Developer, "The algorithm is not allowed by the client's security profile.", "Sign with an algorithm of the profile: ES256 and PS256 are in every one.";
    ProfileAudience = "AS-1701", Developer, "The client assertion is for another audience than the client's security profile demands.", "Make aud the issuer, as a single string.";
    ApiAlgorithm = "AS-1705", Administrator, "The API's access tokens are signed with an algorithm that the client's security profile does not allow.", "Give the API an algorithm of the profile, such as ES256: symbolon api update --access-token-alg; or leave it to the clients.";
    RegistrationProfile = "AS-1706", Developer, "The metadata breaks a rule of the security profile that clients keep to here.", "Leave the member out, or register what the profile allows; an administrator chooses it: symbolon registration policy set --profile.";
    // 1707 and 1708: requests over the back channel
    BackchannelTooMany = "AS-1707", Developer, "Too many requests wait for an answer of this person.", "Wait until they are answered or expire; ask for a shorter requested_expiry.";
    BackchannelThrottled = "AS-1708", Developer, "Too many people were named who are not here.", "Wait ten minutes, and name people who have signed in at this client, by id_token_hint.";
    // 171x: encrypted request objects
    RequestObjectInTheOpen = "AS-1710", Developer, "This client must encrypt its request objects.", "Encrypt the signed object for this server's key, as registered.";
    RequestObjectUndecryptable = "AS-1711", Developer, "The request object cannot be decrypted.", "Encrypt it for the key with use enc in this server's key set, with exactly the registered alg and enc.";
    // 18xx: the test resource of a conformance run
    SignInInsufficient = "AS-1800", Developer, "The sign-in that the access token comes from is too old or too weak.", "Repeat acr_values and max_age of the challenge in a new authorization request.";
    // 20xx: sign-in and setup
    CredentialsWrong = "AS-2001", Person, "That username and password do not match.", "Try again, or ask an administrator for help.";
    SignInThrottled = "AS-2002", Person, "Too many attempts.", "Wait a few minutes before the next attempt.";
    SignInBusy = "AS-2003", Person, "The server is busy checking other sign-ins.", "Try again in a few seconds.";
    PasswordTooLong = "AS-2004", Person, "That password is too long.", "Use at most 1024 bytes.";
    UsernameMissing = "AS-2005", Person, "The username is missing.", "Type your username or email.";
    PasswordMissing = "AS-2006", Person, "The password is missing.", "Type your password.";
    SetupCodeInvalid = "AS-2010", Administrator, "The setup code is not valid, has expired, or was used.", "Start the server again for a new link; it prints one while there is no administrator.";
    PasswordTooWeak = "AS-2011", Person, "That password is too short or too well known.", "Use a longer one: a few random words are fine.";
    UsernameMalformed = "AS-2012", Person, "That username cannot be used.", "Use letters, digits, dots, dashes and underscores.";
    EmailMalformed = "AS-2013", Person, "That is not an email address.", "Check the address.";
    // 21xx: sign-up
    SignUpClosed = "AS-2101", Person, "Nobody can create an account here.", "Sign in if you have an account, or ask an administrator for one.";
    UsernameTaken = "AS-2102", Person, "That username is taken.", "Choose another one, or sign in if the account is yours.";
    SignUpTooMany = "AS-2103", Person, "Too many accounts were created from this network.", "Wait an hour, or ask an administrator for an account.";
    PromptCreateHinted = "AS-2104", Developer, "prompt=create cannot be about somebody who has an account already.", "Leave id_token_hint and the sub of the claims parameter out, or leave out create.";
    SignUpDone = "AS-2105", Person, "An account was created on this page before.", "Sign in to it, or start again in the app to create another one.";
    // 30xx: management
    NameTaken = "AS-3001", Administrator, "That name is taken.", "Choose another name, or update the existing one.";
    ObjectNotFound = "AS-3002", Administrator, "There is no such object.", "List the objects to find the right name.";
    ValueNotAllowed = "AS-3003", Administrator, "A value is not allowed.", "See the message for the field and the rule.";
    LastAdministrator = "AS-3004", Administrator, "This would leave the server without an administrator.", "Give another active user the administrator role first.";
    VersionConflict = "AS-3005", Administrator, "The object was changed in the meantime.", "Read it again and repeat the change.";
    // 50xx: the request as such, and the server
    PathUnknown = "AS-5001", Developer, "There is nothing at this address.", "Check the address; the metadata lists the endpoints.";
    MethodNotAllowed = "AS-5002", Developer, "The method is not allowed at this address.", "See the Allow header.";
    BodyTooLarge = "AS-5003", Developer, "The request is too large.", "Send less.";
    CrossSiteRequest = "AS-5008", Person, "A page of another site sent this request.", "Open this server's page yourself, and send it from there.";
    ContentTypeWrong = "AS-5004", Developer, "The content type is not the expected one.", "Send application/x-www-form-urlencoded.";
    PlainHttpRefused = "AS-5007", Administrator, "Plain HTTP is answered only to a trusted proxy.", "Use https, or name the proxy in trusted_proxies.";
    Overloaded = "AS-5005", Administrator, "The server cannot answer right now.", "Try again after the time in Retry-After.";
    Internal = "AS-5006", Administrator, "The server failed.", "Try again; an administrator finds the cause in the log under this trace.";
}

impl Reason {
    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code)
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("unknown reason code"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Reason;

    #[test]
    fn every_code_is_unique_and_found_again() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|r| r.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(Reason::from_code(reason.code()), Some(*reason));
        }
    }

    #[test]
    fn every_sentence_can_stand_in_an_error_description() {
        // RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E
        for reason in Reason::ALL {
            for text in [reason.summary(), reason.next_step()] {
                assert!(
                    text.bytes().all(|b| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\'),
                    "{}: {text}",
                    reason.code()
                );
            }
        }
    }
}

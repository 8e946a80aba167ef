//! Content encryption (RFC 7518 §5.2, §5.3): AES-GCM, and AES-CBC with HMAC, whose tag is compared
//! in constant time before a byte of the ciphertext is decrypted.

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    cipher::{
        AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    constant_time::verify_slices_are_equal,
    hmac,
    iv::FixedLength,
};

use crate::{
    crypto::random::{Random, random_bytes},
    domain::{Secret, jose::ContentEncryption},
};

const IV_LEN: usize = 16;
const TAG_LEN: usize = 16;

/// The three parts that content encryption makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub nonce: Vec<u8>,
    pub ciphertext: Vec<u8>,
    pub tag: Vec<u8>,
}

/// A fresh content encryption key.
pub(super) fn random_key(enc: ContentEncryption, random: &dyn Random) -> Secret<Vec<u8>> {
    let mut key = vec![0; enc.key_length()];
    random.fill(&mut key);
    Secret::new(key)
}

/// Encrypts under a key that is used this once.
pub(super) fn seal(
    enc: ContentEncryption,
    key: &[u8],
    associated: &[u8],
    plaintext: &[u8],
    random: &dyn Random,
) -> Option<Sealed> {
    match Cipher::of(enc) {
        Cipher::Gcm(algorithm) => {
            let nonce = random_bytes::<NONCE_LEN>(random);
            seal_gcm(algorithm, key, nonce, associated, plaintext)
        }
        Cipher::Cbc(algorithm, mac) => {
            let iv = random_bytes::<IV_LEN>(random);
            seal_cbc((algorithm, mac), key, iv, associated, plaintext)
        }
    }
}

/// Decrypts; nothing, whatever the reason, if it was not sealed like this.
pub(super) fn open(
    enc: ContentEncryption,
    key: &[u8],
    associated: &[u8],
    nonce: &[u8],
    ciphertext: &[u8],
    tag: &[u8],
) -> Option<Secret<Vec<u8>>> {
    match Cipher::of(enc) {
        Cipher::Gcm(algorithm) => {
            if tag.len() != TAG_LEN {
                return None;
            }
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
            let mut body = [ciphertext, tag].concat();
            let length = key.open_in_place(nonce, Aad::from(associated), &mut body).ok()?.len();
            body.truncate(length);
            Some(Secret::new(body))
        }
        Cipher::Cbc(algorithm, mac) => {
            let iv: [u8; IV_LEN] = nonce.try_into().ok()?;
            let (mac_key, cipher_key) = key.split_at_checked(key.len() / 2)?;
            let expected = mac_tag(mac, mac_key, associated, &iv, ciphertext)?;
            verify_slices_are_equal(&expected, tag).ok()?;
            let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, cipher_key).ok()?).ok()?;
            let mut body = ciphertext.to_vec();
            let length = key.decrypt(&mut body, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?.len();
            body.truncate(length);
            Some(Secret::new(body))
        }
    }
}

/// What an `enc` is made of.
enum Cipher {
    Gcm(&'static Algorithm),
    Cbc(&'static aws_lc_rs::cipher::Algorithm, hmac::Algorithm),
}

impl Cipher {
    const fn of(enc: ContentEncryption) -> Self {
        match enc {
            ContentEncryption::A128Gcm => Self::Gcm(&AES_128_GCM),
            ContentEncryption::A256Gcm => Self::Gcm(&AES_256_GCM),
            ContentEncryption::A128CbcHs256 => Self::Cbc(&AES_128, hmac::HMAC_SHA256),
            ContentEncryption::A256CbcHs512 => Self::Cbc(&AES_256, hmac::HMAC_SHA512),
        }
    }
}

pub(super) fn seal_gcm(
    algorithm: &'static Algorithm,
    key: &[u8],
    nonce: [u8; NONCE_LEN],
    associated: &[u8],
    plaintext: &[u8],
) -> Option<Sealed> {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
    let mut body = plaintext.to_vec();
    let tag =
        key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(associated), &mut body).ok()?;
    Some(Sealed { nonce: nonce.to_vec(), ciphertext: body, tag: tag.as_ref().to_vec() })
}

/// The first half of the key authenticates, the second encrypts (RFC 7518 §5.2.2.1).
pub(super) fn seal_cbc(
    (algorithm, mac): (&'static aws_lc_rs::cipher::Algorithm, hmac::Algorithm),
    key: &[u8],
    iv: [u8; IV_LEN],
    associated: &[u8],
    plaintext: &[u8],
) -> Option<Sealed> {
    let (mac_key, cipher_key) = key.split_at_checked(key.len() / 2)?;
    let cipher = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, cipher_key).ok()?).ok()?;
    let mut body = plaintext.to_vec();
    cipher.less_safe_encrypt(&mut body, EncryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    let tag = mac_tag(mac, mac_key, associated, &iv, &body)?;
    Some(Sealed { nonce: iv.to_vec(), ciphertext: body, tag })
}

/// The first half of the HMAC over everything and the length of the header in bits.
fn mac_tag(algorithm: hmac::Algorithm, key: &[u8], associated: &[u8], iv: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    let bits = u64::try_from(associated.len()).ok()?.checked_mul(8)?;
    let mut context = hmac::Context::with_key(&hmac::Key::new(algorithm, key));
    for part in [associated, iv, ciphertext, &bits.to_be_bytes()] {
        context.update(part);
    }
    let tag = context.sign();
    let half = tag.as_ref().len() / 2;
    tag.as_ref().get(..half).map(<[u8]>::to_vec)
}

//! What needs no server: keys and certificates, the ServerHello, the words of an error.

use super::fault::plain_words;
use super::hello::{Hello, Version};
use super::{Identity, Setup, certificates, pem_identity};

#[test]
fn openssl_reports_become_sentences() {
    let report = "error:068000A8:asn1 encoding routines:asn1_check_tlen:wrong tag:../crypto/asn1/tasn_dec.c:1156:, \
                  error:0688010A:asn1 encoding routines:asn1_d2i_ex:nested asn1 error:../crypto:304:Type=PKCS12";
    assert_eq!(plain_words(report), "wrong tag; nested asn1 error");
    assert_eq!(plain_words("The certificate was not trusted."), "The certificate was not trusted.");
    assert_eq!(plain_words(""), "");
}

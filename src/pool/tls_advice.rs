//! What to do about connections that fail because of TLS: what the driver says of them names no option.

/// Advice for who has no connection for this reason, if it may have to do with TLS.
pub fn tls_advice(reason: &str, uses_tls: bool) -> Option<&'static str> {
    let says = |text: &str| reason.contains(text);
    match uses_tls {
        false if says("unexpected end of file") => {
            Some("a server that requires TLS ends connections without it: say tls=true")
        }
        true if says("tls handshake eof") || says("InvalidContentType") => {
            Some("the server does not seem to offer TLS: if it has none, say tls=false")
        }
        true if says("UnknownIssuer") => {
            Some("tlsCAFile names the authorities to trust; without it they are those that Mozilla trusts")
        }
        true if says("CertificateRequired") || says("close_notify") => Some(
            "a server that wants a certificate of its clients ends connections without: say tlsCertificateKeyFile",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::tls_advice;

    #[test]
    fn advice_is_for_who_can_follow_it() {
        let eof = "unexpected end of file";
        assert!(tls_advice(eof, false).is_some_and(|advice| advice.contains("tls=true")));
        assert_eq!(tls_advice(eof, true), None);
        let issuer = "invalid peer certificate: UnknownIssuer";
        assert!(tls_advice(issuer, true).is_some_and(|advice| advice.contains("tlsCAFile")));
        assert_eq!(tls_advice(issuer, false), None);
        assert_eq!(tls_advice("Connection refused (os error 111)", false), None);
    }
}

//! The stable codes of a configuration that is refused, and of a server or a command that does not start. As
//! with reasons, a code never changes its meaning and is never used twice; here whoever runs the server reads it.

use std::fmt;

macro_rules! start_codes {
    ($($name:ident = $code:literal, $summary:literal, $next:literal;)+) => {
        /// Why there is no server.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum StartCode {
            $(#[doc = concat!("`", $code, "`: ", $summary)] $name,)+
        }

        impl StartCode {
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as people see it, for example `AS-4003`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// What is wrong, in one sentence.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$name => $summary),+ }
            }

            /// What to do about it.
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next),+ }
            }
        }
    };
}

start_codes! {
    // 400x and 401x: the configuration
    FileUnreadable = "AS-4001", "The configuration file cannot be read, or is not TOML.", "Correct its path or its permissions; in a file that is not TOML, the line that is named.";
    UnknownKey = "AS-4002", "No setting has this name.", "Correct the name; symbolon config reference lists every setting.";
    IssuerNotHttps = "AS-4003", "The issuer is plain http on a host that is not loopback.", "Set issuer to an https address, and end TLS in this server or in a proxy that trusted_proxies names.";
    InvalidValue = "AS-4004", "A value has the wrong type, form or range.", "Write the value as symbolon config reference describes it.";
    GivenTwice = "AS-4005", "A setting is given twice in the same place, as a value and as a file.", "Keep one of them.";
    SecretFileUnreadable = "AS-4006", "A file that carries a secret cannot be read, or is empty.", "Create it or correct its path, and let the server read it.";
    PlainHttp = "AS-4007", "Plain HTTP would be served to the network.", "Bind to a loopback address, set tls.certificate_file and tls.key_file, or name the proxy that ends TLS in trusted_proxies.";
    Incomplete = "AS-4008", "Half of what belongs together is missing.", "Set both of the settings that are named, or neither.";
    Missing = "AS-4009", "A setting without a usable default is missing.", "Set it as the message says.";
    Contradiction = "AS-4010", "Two settings contradict each other.", "Change one of them.";
    TlsFiles = "AS-4011", "A certificate, a key or a list of authorities cannot be used for TLS.", "Check the file that is named: PEM, readable, and a key that belongs to its certificate.";
    DangerNotAccepted = "AS-4012", "A setting would weaken security, and its danger_ switch is off.", "Leave the setting alone, or switch on what is named if you accept what that means.";
    // 402x: the start
    DataDirectory = "AS-4020", "The data directory, or a file in it, cannot be made.", "Choose another place with database.url, or mend the permissions.";
    MasterKeyMissing = "AS-4021", "The database has sealed data, and the file with the key-encryption key is gone.", "Restore the file from its backup, or set secrets.master_key_file to where it is.";
    MasterKeyWrong = "AS-4022", "The key-encryption key is not the one that sealed the database.", "Restore the right key from its backup, or set database.url to the database that belongs to this key.";
    MasterKeyUnreadable = "AS-4023", "The key-encryption key cannot be read, or is none.", "Restore it, or its permissions: 32 bytes in base64.";
    DatabaseUnavailable = "AS-4024", "The database cannot be reached.", "Check that it runs, and database.url with symbolon config show.";
    Migration = "AS-4025", "The schema cannot be brought up to date.", "Remove the cause that is named and start again; symbolon migrate status tells what is applied.";
    OtherPurpose = "AS-4026", "The database is for another purpose: real people, a throw-away server, or a conformance suite.", "Set database.url to a database for this purpose, or to an empty one.";
    SigningKeys = "AS-4027", "The signing keys cannot be made or opened.", "Check that the key-encryption key is the one they were sealed under; symbolon key list names them.";
    Resources = "AS-4028", "An address, a thread, a file or a library cannot be had.", "Free or correct what is named: stop what listens at the address, choose another with bind, or mend the file.";
    ConformanceData = "AS-4029", "A database for runs of a conformance suite cannot be filled.", "Correct the file or the value that is named, and begin with an empty database.";
}

impl StartCode {
    /// The code that is written so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for StartCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::StartCode;
    use crate::trace::Reason;

    #[test]
    fn the_codes_ascend_are_found_again_and_are_no_reasons() {
        assert!(StartCode::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        for code in StartCode::ALL {
            assert_eq!(StartCode::parse(code.as_str()), Some(*code));
            assert_eq!(Reason::from_code(code.as_str()), None);
            assert!(code.as_str().starts_with("AS-40"), "{code}");
        }
        for text in ["", "AS-4000", "AS-4013", "AS-40011", "as-4001", "4001", "AS-1000"] {
            assert_eq!(StartCode::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_code_says_what_is_wrong_and_what_to_do() {
        for code in StartCode::ALL {
            assert!(code.summary().ends_with('.') && code.next_step().ends_with('.'), "{code}");
        }
    }
}

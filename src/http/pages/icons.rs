//! The line icons, drawn on a 24-unit grid and placed inline: no request, no flash, no font.

/// Inner drawing of an icon, or `None` for an unknown name.
pub(super) fn find(name: &str) -> Option<&'static str> {
    let drawing = match name {
        "alert" => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5M12 16.2v.1"/>"#,
        "check" => r#"<path d="m5 12.5 4.5 4.5L19 7.5"/>"#,
        "chevron" => r#"<path d="m9.5 6 6 6-6 6"/>"#,
        "clock" => r#"<circle cx="12" cy="12" r="9"/><path d="M12 7v5.2l3.4 2"/>"#,
        "doc" => r#"<path d="M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12.5h6M9 16h6"/>"#,
        "key" => r#"<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8.5-8.5M16 7.5l3 3"/>"#,
        "list" => r#"<path d="M9 6.5h11M9 12h11M9 17.5h11M4.5 6.5v.1M4.5 12v.1M4.5 17.5v.1"/>"#,
        "mail" => r#"<path d="M3.5 5.5h17v13h-17zM4 6l8 7 8-7"/>"#,
        "people" => {
            r#"<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.6-3.4 3.2-5 6.5-5s5.9 1.6 6.5 5M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.9c2.2.6 3.6 2.2 4 4.6"/>"#
        }
        "person" => r#"<circle cx="12" cy="8" r="4"/><path d="M4.5 20c.8-4 3.7-6 7.5-6s6.7 2 7.5 6"/>"#,
        "phone" => r#"<rect x="7" y="2.5" width="10" height="19" rx="2"/><path d="M11 18.5h2"/>"#,
        "pin" => {
            r#"<path d="M12 21.5c-4.5-5-6.5-8.2-6.5-11.2a6.5 6.5 0 0 1 13 0c0 3-2 6.2-6.5 11.2z"/><circle cx="12" cy="10" r="2.3"/>"#
        }
        "play" => r#"<path d="M7 4.5v15l12-7.5z"/>"#,
        "shield" => r#"<path d="M12 3 5 6v5.5c0 4.5 2.8 7.7 7 9.5 4.2-1.8 7-5 7-9.5V6zM9 12l2.2 2.2L15.2 10"/>"#,
        _ => return None,
    };
    Some(drawing)
}

/// The icon that stands beside a scope on the consent page.
pub(super) fn for_scope(scope: &str) -> &'static str {
    match scope {
        "openid" => "key",
        "profile" => "person",
        "email" => "mail",
        "phone" => "phone",
        "address" => "pin",
        "groups" | "roles" => "people",
        "offline_access" => "clock",
        _ => "shield",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_has_an_icon_that_exists() {
        for scope in ["openid", "profile", "email", "phone", "address", "groups", "roles", "offline_access", "x.read"] {
            assert!(find(for_scope(scope)).is_some(), "{scope}");
        }
    }

    #[test]
    fn an_unknown_icon_is_not_drawn() {
        assert_eq!(find("<script>"), None);
    }
}

//! What a file names: every path in imports, code, attributes and macro calls, with `crate`, `self`
//! and `super` resolved. An alias cannot hide anything, because the import that makes it is seen.

use syn::{
    Attribute, Expr, ItemMod, ItemUse, Macro, Member, UseTree, Visibility,
    buffer::{Cursor, TokenBuffer},
    visit::{self, Visit},
};

use super::source::{Home, Source, is_for_tests};

/// One path that a file names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Named {
    /// Of our own: from the root of `symbolon`; the core is `domain`.
    Ours(Vec<String>),
    /// Beginning with another crate's name, or with a name that is in scope.
    Other(Vec<String>),
    /// The field of something.
    Field(String),
}

/// A named path and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// What.
    pub named: Named,
    /// By `pub use`: handed on to whoever may import this module.
    pub handed_on: bool,
    /// In code for tests only.
    pub test: bool,
}

/// Everything that a file names.
pub fn references(source: &Source) -> Vec<Reference> {
    let mut finder = Finder { home: source.home, module: source.module.clone(), test: source.test, found: Vec::new() };
    finder.visit_file(&source.syntax);
    finder.found
}

struct Finder {
    home: Home,
    module: Vec<String>,
    test: bool,
    found: Vec<Reference>,
}

impl Finder {
    fn note(&mut self, segments: Vec<String>, handed_on: bool) {
        let named = self.resolve(segments);
        self.found.push(Reference { named, handed_on, test: self.test });
    }

    fn resolve(&self, segments: Vec<String>) -> Named {
        let own = |module: &[String], rest: &[String]| {
            let path = module.iter().chain(rest).cloned();
            match self.home {
                Home::Domain => Named::Ours(std::iter::once("domain".to_owned()).chain(path).collect()),
                Home::Binary => Named::Ours(std::iter::once("main".to_owned()).chain(path).collect()),
                Home::Symbolon => Named::Ours(path.collect()),
            }
        };
        match segments.split_first() {
            Some((first, rest)) => match first.as_str() {
                "crate" => own(&[], rest),
                "self" => own(&self.module, rest),
                "super" => {
                    let ups = segments.iter().take_while(|segment| *segment == "super").count();
                    own(&self.module[..self.module.len().saturating_sub(ups)], &segments[ups..])
                }
                "symbolon" => Named::Ours(rest.to_vec()),
                "symbolon_domain" => {
                    Named::Ours(std::iter::once("domain".to_owned()).chain(rest.iter().cloned()).collect())
                }
                _ => Named::Other(segments),
            },
            None => Named::Other(segments),
        }
    }

    fn imports(&mut self, prefix: &[String], tree: &UseTree, handed_on: bool) {
        let with = |name: String| prefix.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.imports(&with(path.ident.to_string()), &path.tree, handed_on),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.imports(prefix, tree, handed_on)),
            UseTree::Glob(_) => self.note(with("*".to_owned()), handed_on),
            UseTree::Name(name) if name.ident == "self" => self.note(prefix.to_vec(), handed_on),
            UseTree::Name(name) => self.note(with(name.ident.to_string()), handed_on),
            UseTree::Rename(name) if name.ident == "self" => self.note(prefix.to_vec(), handed_on),
            UseTree::Rename(name) => self.note(with(name.ident.to_string()), handed_on),
        }
    }

    /// Paths in the tokens of a macro call or an attribute, which are not syntax yet.
    fn tokens(&mut self, mut rest: Cursor<'_>) {
        while !rest.eof() {
            if let Some((ident, after)) = rest.ident() {
                let mut segments = vec![ident.to_string()];
                rest = after;
                while let Some(after) = double_colon(rest) {
                    let Some((ident, next)) = after.ident() else { break };
                    segments.push(ident.to_string());
                    rest = next;
                }
                self.note(segments, false);
            } else if let Some((inner, _, _, after)) = rest.any_group() {
                self.tokens(inner);
                rest = after;
            } else if let Some((_, after)) = rest.token_tree() {
                rest = after;
            } else {
                break;
            }
        }
    }
}

fn double_colon(cursor: Cursor<'_>) -> Option<Cursor<'_>> {
    let (first, after) = cursor.punct()?;
    let (second, after) = after.punct()?;
    (first.as_char() == ':' && second.as_char() == ':').then_some(after)
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let outer = self.test;
        self.test |= is_for_tests(attributes(item));
        visit::visit_item(self, item);
        self.test = outer;
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let handed_on = !matches!(item.vis, Visibility::Inherited);
        self.imports(&[], &item.tree, handed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.note(path.segments.iter().map(|segment| segment.ident.to_string()).collect(), false);
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast Visibility) {
        // `pub(in crate::service)` imports nothing.
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        if let Expr::Field(field) = expr
            && let Member::Named(name) = &field.member
        {
            self.found.push(Reference { named: Named::Field(name.to_string()), handed_on: false, test: self.test });
        }
        visit::visit_expr(self, expr);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        self.visit_path(attribute.path());
        if let syn::Meta::List(list) = &attribute.meta {
            self.tokens(TokenBuffer::new2(list.tokens.clone()).begin());
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.tokens(TokenBuffer::new2(call.tokens.clone()).begin());
    }
}

/// The attributes of an item.
pub fn attributes(item: &syn::Item) -> &[Attribute] {
    use syn::Item::{
        Const, Enum, ExternCrate, Fn, ForeignMod, Impl, Macro, Mod, Static, Struct, Trait, TraitAlias, Type, Union, Use,
    };
    match item {
        Const(item) => &item.attrs,
        Enum(item) => &item.attrs,
        ExternCrate(item) => &item.attrs,
        Fn(item) => &item.attrs,
        ForeignMod(item) => &item.attrs,
        Impl(item) => &item.attrs,
        Macro(item) => &item.attrs,
        Mod(item) => &item.attrs,
        Static(item) => &item.attrs,
        Struct(item) => &item.attrs,
        Trait(item) => &item.attrs,
        TraitAlias(item) => &item.attrs,
        Type(item) => &item.attrs,
        Union(item) => &item.attrs,
        Use(item) => &item.attrs,
        _ => &[],
    }
}

#[test]
fn imports_paths_attributes_and_macro_calls_are_all_seen_and_resolved() {
    let code = "
        use super::super::{store::{self, user}, crypto as c};
        pub use crate::net::*;
        #[derive(diesel::Queryable)] struct Row;
        fn f() { let x = crate::config::Log; format!(\"{}\", [symbolon_domain::ids::x, super::y]); a.sealer; }
        mod inner { #[cfg(test)] mod tests { use super::super::z; } }
    ";
    let source = Source {
        path: String::new(),
        home: Home::Symbolon,
        module: vec!["http".into(), "oauth".into()],
        test: false,
        text: String::new(),
        syntax: syn::parse_file(code).unwrap(),
    };
    let found = references(&source);
    let ours = |path: &str| Named::Ours(path.split("::").map(str::to_owned).collect());
    for expected in
        ["store", "store::user", "crypto", "net::*", "config::Log", "domain::ids::x", "http::y", "http::oauth::z"]
    {
        assert!(found.iter().any(|reference| reference.named == ours(expected)), "{expected}: {found:?}");
    }
    assert!(found.iter().any(|reference| reference.named == Named::Other(vec!["diesel".into(), "Queryable".into()])));
    assert!(found.iter().any(|reference| reference.named == Named::Field("sealer".into())));
    assert!(found.iter().all(|reference| reference.handed_on == (reference.named == ours("net::*"))));
    assert!(found.iter().all(|reference| !reference.test
        || reference.named == ours("http::oauth::z")
        || matches!(&reference.named, Named::Other(path) if path.len() == 1)));
}

//! The source tree as the compiler sees it: every file that a `mod` line reaches, parsed, with its
//! module path and whether it is compiled for tests only.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use syn::{Attribute, Item};

/// Which crate a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// The library `symbolon`.
    Symbolon,
    /// The binary: `src/main.rs`.
    Binary,
    /// The crate `symbolon-domain`.
    Domain,
}

/// One parsed file.
pub struct Source {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// The crate.
    pub home: Home,
    /// The module path inside the crate; empty for its root.
    pub module: Vec<String>,
    /// Whether it is compiled for tests only.
    pub test: bool,
    /// As written.
    pub text: String,
    /// As parsed.
    pub syntax: syn::File,
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the repository.
pub fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file below a folder with one of these endings, from the root of the repository, sorted.
pub fn files(folder: &str, endings: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !["node_modules", "target"].contains(&name.as_str()) && !name.starts_with('.') {
                folders.push(path);
            } else if endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(relative(&path));
            }
        }
    }
    found.sort();
    found
}

/// Every file of the three crates.
pub fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for (start, home) in
        [("src/lib.rs", Home::Symbolon), ("src/main.rs", Home::Binary), ("src/domain/lib.rs", Home::Domain)]
    {
        read(&mut sources, root().join(start), home, Vec::new(), false);
    }
    sources
}

/// Files below `src` that no `mod` line reaches: never compiled, and so never checked.
pub fn orphans() -> Vec<String> {
    let reached: BTreeSet<String> = sources().into_iter().map(|source| source.path).collect();
    files("src", &[".rs"]).into_iter().filter(|path| !reached.contains(path)).collect()
}

/// Whether an attribute compiles its item for tests only.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        let cfg_test =
            path.is_ident("cfg") && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"));
        cfg_test || path.segments.last().is_some_and(|segment| segment.ident == "test")
    })
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

fn read(sources: &mut Vec<Source>, file: PathBuf, home: Home, module: Vec<String>, test: bool) {
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut folder = file.parent().unwrap().to_path_buf();
    if !["lib", "main", "mod"].contains(&stem.as_str()) {
        folder.push(&stem);
    }
    let mut children = Vec::new();
    declared(&syntax.items, &folder, &module, test, &mut children);
    sources.push(Source { path: relative(&file), home, module, test, text, syntax });
    for (file, module, test) in children {
        read(sources, file, home, module, test);
    }
}

fn declared(
    items: &[Item],
    folder: &Path,
    module: &[String],
    test: bool,
    children: &mut Vec<(PathBuf, Vec<String>, bool)>,
) {
    for item in items {
        let Item::Mod(child) = item else { continue };
        assert!(!child.attrs.iter().any(|attribute| attribute.path().is_ident("path")), "#[path] in {module:?}");
        let name = child.ident.to_string();
        let name = name.trim_start_matches("r#");
        let inner: Vec<String> = module.iter().cloned().chain([name.to_owned()]).collect();
        let test = test || is_for_tests(&child.attrs);
        if let Some((_, items)) = &child.content {
            declared(items, &folder.join(name), &inner, test, children);
        } else {
            let beside = folder.join(format!("{name}.rs"));
            let below = folder.join(name).join("mod.rs");
            children.push((if beside.exists() { beside } else { below }, inner, test));
        }
    }
}

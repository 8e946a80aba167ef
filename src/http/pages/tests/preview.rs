//! Writes every sample page to a folder, for the browser that takes pictures and checks
//! accessibility: `SYMBOLON_PREVIEW_DIR=… cargo test preview`, then `tests/e2e/preview`.

use std::path::PathBuf;

use super::rendering::scratch;
use super::samples::{FRIENDLY, all, all_saying};
use crate::http::pages::{assets, page_headers};

/// A long word without a break and a long line: what breaks layouts.
const ENDLESS: &str = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft-\
                       https://a-very-long-host-name.internal.example.com/with/a/very/long/path/and?a=query";
const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 56 56\"><rect width=\"56\" height=\"56\" \
                    fill=\"#f46800\"/><circle cx=\"28\" cy=\"28\" r=\"14\" fill=\"#fff\"/></svg>";

#[test]
fn every_sample_page_can_be_written_out_for_a_browser() {
    let scratch = scratch("preview");
    let folder = std::env::var_os("SYMBOLON_PREVIEW_DIR").map_or_else(|| scratch.to_path_buf(), PathBuf::from);
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::write(folder.join("assets/preview-logo.svg"), LOGO).unwrap();
    for asset in assets::all() {
        let place = folder.join("assets").join(&asset.hash);
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(asset.name), asset.content).unwrap();
    }
    let mut list = serde_json::Map::new();
    let hostile = all_saying("\"><script>alert(1)</script><img src=x onerror=alert(1)>");
    for (prefix, samples) in [("", all(&FRIENDLY)), ("endless-", all_saying(ENDLESS)), ("hostile-", hostile)] {
        for sample in samples {
            let name = format!("{prefix}{}", sample.name);
            std::fs::write(folder.join(format!("{name}.html")), &sample.html).unwrap();
            list.insert(name, serde_json::to_value(page_headers(sample.kind)).unwrap());
        }
    }
    assert!(list.len() > 90, "{} pages", list.len());
    std::fs::write(folder.join("pages.json"), serde_json::to_vec_pretty(&list).unwrap()).unwrap();
}

//! Which graphics adapters a bench could compute on.

use crate::quantity::Missing;
use std::path::Path;

const NAME: &str = "graphics adapters";

/// The adapters of this machine in a few words each, those first that are no software.
///
/// # Errors
/// Why there is none, and what to do.
#[cfg(feature = "gpu")]
pub fn graphics_adapters(_root: &Path) -> Result<Vec<String>, Missing> {
    let found = wheatstone_gpu::adapters().map_err(|error| {
        let message = error.to_string();
        let (why, remedy) = message.split_once("; ").unwrap_or((&message, "install a Vulkan driver"));
        Missing { name: NAME.to_owned(), why: why.to_owned(), remedy: remedy.to_owned() }
    })?;
    let text = |adapter: &wheatstone_gpu::Adapter| {
        format!("{} ({}, {}, {})", adapter.name(), adapter.kind(), adapter.backend(), adapter.driver())
    };
    Ok(found.iter().map(text).collect())
}

/// The adapters that the system below `root` knows, which is `/` outside of tests. This program does not compute on them: it is
/// built without the feature `gpu`.
///
/// # Errors
/// Why none is used, and what to do.
#[cfg(not(feature = "gpu"))]
pub fn graphics_adapters(root: &Path) -> Result<Vec<String>, Missing> {
    let there = drm_adapters(root);
    let why = match there.as_slice() {
        [] => "the system knows none, and this program is built without the feature gpu".to_owned(),
        there => format!("{} not used: this program is built without the feature gpu", there.join(", ")),
    };
    let remedy =
        "build it with `cargo build --release --features gpu`; docs/gpu.md tells which drivers it needs";
    Err(Missing { name: NAME.to_owned(), why, remedy: remedy.to_owned() })
}

/// Render nodes as Linux shows them, with the driver and the PCI ids.
#[cfg(not(feature = "gpu"))]
fn drm_adapters(root: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(root.join("sys/class/drm")) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let node = |path: &std::path::PathBuf| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        let event = std::fs::read_to_string(path.join("device/uevent")).unwrap_or_default();
        let of = |key: &str| event.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        let told: Vec<&str> = [of("DRIVER"), of("PCI_ID")].into_iter().flatten().collect();
        name.starts_with("renderD").then(|| match told.as_slice() {
            [] => name.clone(),
            told => format!("{name} ({})", told.join(", ")),
        })
    };
    let mut nodes: Vec<String> = paths.filter_map(|path| node(&path)).collect();
    nodes.sort();
    nodes
}

//! Embeds `constraints/`: every board, every family of devices, every file with pins. A new file needs no code.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The files of a folder with one of these extensions, by name.
fn files(folder: &Path, extensions: &[&str]) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let wanted = path.extension().is_some_and(|found| extensions.iter().any(|wanted| found == *wanted));
        if let Some(name) = path.file_name().filter(|_| wanted && path.is_file()) {
            files.push((name.to_string_lossy().into_owned(), path));
        }
    }
    files.sort();
    Ok(files)
}

/// A constant with names and texts.
fn embedded(constant: &str, files: &[(String, PathBuf)]) -> String {
    let entry = |(name, path): &(String, PathBuf)| format!("({name:?}, include_str!({path:?})), ");
    let entries: String = files.iter().map(entry).collect();
    format!("const {constant}: &[(&str, &str)] = &[{entries}];\n")
}

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or(io::ErrorKind::NotFound)?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let folder = root.join("../constraints").canonicalize()?;
    let devices = folder.join("devices");
    println!("cargo::rerun-if-changed={}", folder.display());
    fs::write(out.join("devices.rs"), embedded("FILES", &files(&devices, &["toml"])?))?;
    let boards = embedded("BOARD_FILES", &files(&folder, &["toml"])?);
    fs::write(out.join("boards.rs"), boards + &embedded("PIN_FILES", &files(&folder, &["lpf", "pcf"])?))
}

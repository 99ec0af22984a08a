//! The graphics driver that kernels are tested with: any there is, else Mesa's lavapipe, which computes on the processor.
//!
//! Only where Vulkan is the way to a GPU is there anything to provide: Metal and DirectX are parts of their systems.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::apt;

/// The loader of drivers, and Mesa's drivers with lavapipe among them.
const PACKAGES: [&str; 2] = ["libvulkan1", "mesa-vulkan-drivers"];

/// Where the loader looks for the descriptions of drivers.
const DRIVERS: [&str; 3] = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// Where libraries are; below it, a folder for each architecture in Debian's way.
const LIBRARIES: [&str; 4] = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib"];

const LOADER: &str = "libvulkan.so.1";

/// What there is.
#[derive(Debug, PartialEq, Eq)]
pub struct Graphics {
    loader: Option<PathBuf>,
    drivers: Vec<PathBuf>,
    /// Whether the loader is the way to a GPU here.
    needed: bool,
}

impl Graphics {
    /// What is there.
    pub fn locate() -> Graphics {
        Graphics::locate_in(Path::new("/"), cfg!(target_os = "linux"))
    }

    fn locate_in(root: &Path, needed: bool) -> Graphics {
        let below = |folder: &str| root.join(folder.trim_start_matches('/'));
        let libraries = LIBRARIES.iter().map(|folder| below(folder)).flat_map(|folder| {
            let inner: Vec<PathBuf> = entries(&folder).filter(|path| path.is_dir()).collect();
            std::iter::once(folder).chain(inner)
        });
        let loader = libraries.map(|folder| folder.join(LOADER)).find(|path| path.exists());
        let drivers = DRIVERS.iter().flat_map(|folder| entries(&below(folder)));
        let mut drivers: Vec<PathBuf> =
            drivers.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
        drivers.sort();
        Graphics { loader, drivers, needed }
    }

    /// [`Graphics::locate`], after an installation of what is missing.
    ///
    /// # Errors
    /// It cannot be installed, or only by a command for which this user lacks the rights.
    pub fn provide() -> Result<Graphics> {
        if Graphics::locate().is_complete() {
            return Ok(Graphics::locate());
        }
        apt::install(&PACKAGES)?;
        let graphics = Graphics::locate();
        ensure!(graphics.is_complete(), "{} installed, but no Vulkan driver found", PACKAGES.join(", "));
        Ok(graphics)
    }

    fn is_complete(&self) -> bool {
        !self.needed || (self.loader.is_some() && !self.drivers.is_empty())
    }

    /// What is missing and how to get it.
    pub fn missing_note(&self) -> Option<String> {
        (!self.is_complete()).then(|| {
            "no Vulkan driver found: the tests that need a graphics adapter are skipped (remedy: cargo xtask setup)".to_owned()
        })
    }

    /// What is there, in one line.
    pub fn report(&self) -> String {
        match &self.loader {
            None => "graphics  the system's own\n".to_owned(),
            Some(loader) => {
                let names = self.drivers.iter().filter_map(|path| path.file_stem());
                let names: Vec<_> = names.map(|name| name.to_string_lossy()).collect();
                format!("vulkan    {} ({})\n", names.join(", "), loader.display())
            }
        }
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_loader_without_a_driver_is_not_enough() {
        let root = tempfile::tempdir().unwrap();
        let locate = || Graphics::locate_in(root.path(), true);
        assert!(locate().missing_note().unwrap().contains("cargo xtask setup"));
        let libraries = root.path().join("usr/lib/x86_64-linux-gnu");
        fs::create_dir_all(&libraries).unwrap();
        fs::write(libraries.join(LOADER), "").unwrap();
        assert!(locate().missing_note().is_some());
        let drivers = root.path().join("usr/share/vulkan/icd.d");
        fs::create_dir_all(&drivers).unwrap();
        fs::write(drivers.join("readme.txt"), "").unwrap();
        assert!(locate().missing_note().is_some());
        fs::write(drivers.join("lvp_icd.x86_64.json"), "").unwrap();
        assert_eq!(locate().missing_note(), None);
        assert!(locate().report().contains("lvp_icd.x86_64"), "{}", locate().report());
    }

    #[test]
    fn other_systems_bring_their_own() {
        let root = tempfile::tempdir().unwrap();
        let graphics = Graphics::locate_in(root.path(), false);
        assert_eq!(graphics.missing_note(), None);
        assert_eq!(graphics.report(), "graphics  the system's own\n");
    }
}

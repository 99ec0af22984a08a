//! Results of tools, kept by what they were made of.
//!
//! A result is a folder named by its key: the SHA-256 of everything that decides what the tool writes. It is filled under
//! another name and renamed when it is complete, so that a build that is broken off leaves nothing that looks whole. It
//! holds a list of its files with their digests; an entry that does not agree with its list counts as absent.

use crate::error::{At, FlowError};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use wheatstone_sim::hex;

/// The list of an entry's files.
const LIST: &str = "entry.json";

/// What folders that are not complete begin with.
const UNFINISHED: &str = "unfinished-";

/// What a result is made of.
#[derive(Clone, Default)]
pub struct Key(Sha256);

impl Key {
    /// Adds something with a name. Neither can be mistaken for a part of the other.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Key {
        for bytes in [name.as_bytes(), value.as_ref()] {
            self.0.update((bytes.len() as u64).to_le_bytes());
            self.0.update(bytes);
        }
        self
    }

    fn name(&self) -> String {
        finished(self.0.clone())
    }
}

/// A folder of results.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// Opens the folder, and makes it if need be.
    ///
    /// # Errors
    /// [`FlowError::Io`] if that is impossible.
    pub fn open(root: &Path) -> Result<Cache, FlowError> {
        fs::create_dir_all(root).at(root)?;
        // Tools run elsewhere, where a relative path would name something else.
        let root = std::path::absolute(root).at(root)?;
        Ok(Cache { root })
    }

    /// A folder to work in, which becomes an entry by [`Cache::keep`] or vanishes.
    ///
    /// # Errors
    /// [`FlowError::Io`] if there cannot be one.
    pub fn workplace(&self) -> Result<TempDir, FlowError> {
        tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.root).at(&self.root)
    }

    /// The folder of a whole entry.
    pub fn find(&self, key: &Key) -> Option<PathBuf> {
        let folder = self.root.join(key.name());
        let list: BTreeMap<String, String> =
            serde_json::from_slice(&fs::read(folder.join(LIST)).ok()?).ok()?;
        let whole = |(name, digest): (&String, &String)| {
            sha256_of(&folder.join(name)).is_ok_and(|found| found == *digest)
        };
        list.iter().all(whole).then_some(folder)
    }

    /// Makes a workplace an entry of these files; whatever had that key before is replaced.
    ///
    /// # Errors
    /// [`FlowError::Io`] if a file is missing or nothing can be written.
    pub fn keep(&self, key: &Key, workplace: TempDir, files: &[&str]) -> Result<PathBuf, FlowError> {
        let list: Result<BTreeMap<&str, String>, FlowError> = files
            .iter()
            .map(|&name| {
                let path = workplace.path().join(name);
                Ok((name, sha256_of(&path).at(path)?))
            })
            .collect();
        let list_path = workplace.path().join(LIST);
        let text = serde_json::to_vec_pretty(&list?).map_err(io::Error::from).at(&list_path)?;
        fs::write(&list_path, text).at(&list_path)?;
        let folder = self.root.join(key.name());
        // A folder cannot be renamed over one with files in it.
        let before = self.workplace()?;
        match fs::rename(&folder, before.path().join("before")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).at(&folder),
            _ => {}
        }
        fs::rename(workplace.path(), &folder).at(&folder)?;
        // It lies elsewhere now, so that there is nothing to remove.
        let _ = workplace.keep();
        Ok(folder)
    }
}

/// The SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let (mut digest, mut file) = (Sha256::new(), File::open(path)?);
    let mut bytes = vec![0; 1 << 16];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(finished(digest)),
            count => digest.update(&bytes[..count]),
        }
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    finished(Sha256::new_with_prefix(bytes))
}

fn finished(digest: Sha256) -> String {
    hex::encode(&digest.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        Key::default().with("input", text)
    }

    fn filled(cache: &Cache, text: &str) -> PathBuf {
        let workplace = cache.workplace().unwrap();
        fs::write(workplace.path().join("result"), text).unwrap();
        cache.keep(&key("a"), workplace, &["result"]).unwrap()
    }

    #[test]
    fn an_entry_is_found_by_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(&folder.path().join("deep/cache")).unwrap();
        assert_eq!(cache.find(&key("a")), None);
        let entry = filled(&cache, "one");
        assert_eq!(cache.find(&key("a")), Some(entry.clone()));
        assert_eq!(fs::read_to_string(entry.join("result")).unwrap(), "one");
        assert_eq!(cache.find(&key("b")), None);
        let parts = |a: &str, b: &str| Key::default().with(a, b).name();
        assert_ne!(parts("ab", "c"), parts("a", "bc"));
        assert_ne!(key("").with("x", "").name(), key("").name());
    }

    #[test]
    fn a_corrupt_entry_counts_as_absent_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let spoil: [fn(&Path); 4] = [
            |entry| fs::write(entry.join("result"), "two").unwrap(),
            |entry| fs::remove_file(entry.join("result")).unwrap(),
            |entry| fs::write(entry.join(LIST), "{").unwrap(),
            |entry| fs::remove_file(entry.join(LIST)).unwrap(),
        ];
        for spoil in spoil {
            let entry = filled(&cache, "one");
            assert!(cache.find(&key("a")).is_some());
            spoil(&entry);
            assert_eq!(cache.find(&key("a")), None);
        }
        filled(&cache, "one");
        assert!(cache.find(&key("a")).is_some());
    }

    #[test]
    fn what_was_broken_off_is_never_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        // A process that is killed removes nothing.
        let abandoned = cache.workplace().unwrap().keep();
        fs::write(abandoned.join("result"), "half").unwrap();
        assert_eq!(cache.find(&key("a")), None);
        // A result that is not there makes no entry, and no remains.
        let empty = cache.workplace().unwrap();
        let path = empty.path().to_owned();
        let error = cache.keep(&key("a"), empty, &["result"]).unwrap_err().to_string();
        assert!(error.contains("result"), "{error}");
        assert!(cache.find(&key("a")).is_none() && !path.exists());
    }
}

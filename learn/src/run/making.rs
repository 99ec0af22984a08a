//! Making run folders: every run gets one of its own, and nothing that was there is written over.

use super::lock::{LOCK, Lock};
use super::{
    CHECKPOINT, CONFIG, ENCODING, EVALUATION, LINK, METRICS, NETWORK, ORIGIN, REPORT, RunError, SNAPSHOTS,
};
use crate::config::RunConfig;
use crate::whole_file::{WriteError, aside, folder_of, made_aside, sync_folder, without_path, write_whole};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use wheatstone_sim::FileStem;

/// What a run writes, besides pictures.
const FILES: [&str; 10] =
    [CONFIG, ENCODING, NETWORK, ORIGIN, METRICS, SNAPSHOTS, CHECKPOINT, EVALUATION, REPORT, LINK];

/// Makes the folder of a new run, with its configuration in it, and takes its lock. Without a wish it is `runs/NAME-seedSEED`, or
/// the first free of `-2`, `-3`, ... after it.
///
/// The folder is made aside and renamed. Of two runs that want one name, one gets it, and nobody ever sees a run's folder
/// without its configuration.
pub(super) fn make(wish: Option<&Path>, config: &RunConfig) -> Result<(PathBuf, Lock), RunError> {
    make_and(Flush::Yes, wish, config)
}

/// The same for one of many runs, whose folder can be made again: nothing waits for the disk before there are results, and what
/// the dead have left beside it is not looked for ([`remove_leftovers`]).
pub(super) fn make_unflushed(wish: &Path, config: &RunConfig) -> Result<(PathBuf, Lock), RunError> {
    make_and(Flush::No, Some(wish), config)
}

/// Whether a new folder is on the disk before anything else is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flush {
    Yes,
    No,
}

fn make_and(flush: Flush, wish: Option<&Path>, config: &RunConfig) -> Result<(PathBuf, Lock), RunError> {
    let Some(path) = wish else {
        let name = format!("{}-seed{}", FileStem::new("name", &config.name)?, config.seed);
        for path in numbered(&name).map(|name| Path::new("runs").join(name)) {
            if fs::symlink_metadata(&path).is_err()
                && let Some(lock) = make_new(flush, &path, config)?
            {
                return Ok((path, lock));
            }
        }
        return Err(RunError::Occupied { path: "runs".to_owned() });
    };
    if fs::symlink_metadata(path).is_err()
        && let Some(lock) = make_new(flush, path, config)?
    {
        return Ok((path.to_owned(), lock));
    }
    check_vacant(path, config)?;
    let lock = Lock::take(path)?;
    check_vacant_of_others(path, config)?;
    write_whole(&path.join(CONFIG), config.to_toml().as_bytes())?;
    Ok((path.to_owned(), lock))
}

/// Makes a folder of its own for what is called `name`: `FOLDER/NAME`, or the first free of `-2`, `-3`, ... after it.
///
/// # Errors
/// [`RunError::Folder`], or [`RunError::Name`] if the name is none for a folder.
pub fn new_folder(folder: &Path, name: &str) -> Result<PathBuf, RunError> {
    let failed = |path: &Path, source| RunError::Folder { path: path.display().to_string(), source };
    let name = FileStem::new("name", name)?;
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for name in numbered(name.as_str()) {
        let path = folder.join(name);
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            done => return done.map(|()| path.clone()).map_err(|error| failed(&path, error)),
        }
    }
    Err(RunError::Occupied { path: folder.display().to_string() })
}

/// A name, and those to take when it is taken.
fn numbered(name: &str) -> impl Iterator<Item = String> {
    std::iter::once(name.to_owned()).chain((2u64..).map(move |n| format!("{name}-{n}")))
}

/// Refuses a folder in which a run would write over something.
///
/// # Errors
/// [`RunError::Busy`], [`RunError::Occupied`] or [`RunError::NotEmpty`], which a lock file of others is as well.
pub(super) fn check_vacant(path: &Path, config: &RunConfig) -> Result<(), RunError> {
    if path.is_dir() {
        Lock::check_free(path)?;
    }
    check_vacant_of_others(path, config)
}

/// As [`check_vacant`], whoever has the lock.
fn check_vacant_of_others(path: &Path, config: &RunConfig) -> Result<(), RunError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(RunError::Folder { path: path.display().to_string(), source }),
    };
    let mut found: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| FILES.contains(&name.as_str()) || name.ends_with(".svg"))
        .collect();
    found.sort();
    let path_text = || path.display().to_string();
    if found.iter().any(|name| name == CONFIG) {
        let same = || fs::read_to_string(path.join(CONFIG)).is_ok_and(|text| text == config.to_toml());
        return if found.len() == 1 && same() {
            Ok(())
        } else {
            Err(RunError::Occupied { path: path_text() })
        };
    }
    match found.into_iter().next() {
        Some(file) => Err(RunError::NotEmpty { path: path_text(), file }),
        None => Ok(()),
    }
}

/// Makes a folder that is not there; `None` if another process made it in the meantime.
fn make_new(flush: Flush, path: &Path, config: &RunConfig) -> Result<Option<Lock>, RunError> {
    let failed = |source| RunError::Folder { path: path.display().to_string(), source };
    let parent = folder_of(path);
    fs::create_dir_all(parent).map_err(failed)?;
    if flush == Flush::Yes {
        remove_leftovers(parent);
    }
    loop {
        let aside = aside(0o777).tempdir_in(parent).map_err(without_path).map_err(failed)?;
        let meant = |file: &str, error: WriteError| WriteError::new(&path.join(file), error.source);
        let lock = match Lock::take(aside.path()) {
            Ok(lock) if aside.path().join(LOCK).exists() => lock,
            // Another process took it for what a dead one left.
            Ok(_) | Err(RunError::Busy { .. }) => continue,
            Err(_) if !aside.path().exists() => continue,
            Err(RunError::Write(error)) => return Err(meant(LOCK, error).into()),
            Err(error) => return Err(error),
        };
        let (file, text) = (aside.path().join(CONFIG), config.to_toml());
        let written = match flush {
            Flush::Yes => write_whole(&file, text.as_bytes()),
            Flush::No => fs::write(&file, text).map_err(|error| WriteError::new(&file, error)),
        };
        written.map_err(|error| meant(CONFIG, error))?;
        // Replaces nothing but an empty folder, which holds nobody's run.
        return match fs::rename(aside.path(), path) {
            Ok(()) => {
                let _: PathBuf = aside.keep();
                if flush == Flush::Yes {
                    sync_folder(parent).map_err(failed)?;
                }
                Ok(Some(lock))
            }
            Err(_) if fs::symlink_metadata(path).is_ok() => Ok(None),
            Err(source) => Err(failed(source)),
        };
    }
}

/// Removes folders that processes which are gone made aside.
pub(crate) fn remove_leftovers(parent: &Path) {
    for entry in made_aside(parent) {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        // Whoever makes one finds it gone, and makes another.
        if !path.join(LOCK).exists() {
            drop(fs::remove_dir(&path));
        } else if let Ok(_held) = Lock::take(&path) {
            drop(fs::remove_dir_all(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn folders_are_numbered_and_never_shared() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("bench");
        let made: Vec<PathBuf> =
            ["iris", "wine", "iris", "iris"].iter().map(|name| new_folder(&folder, name).unwrap()).collect();
        let wanted = ["iris", "wine", "iris-2", "iris-3"].map(|name| folder.join(name));
        assert_eq!(made, wanted);
        fs::write(place.path().join("file"), "").unwrap();
        let error = new_folder(&place.path().join("file"), "iris").unwrap_err().to_string();
        assert!(error.contains("file") && error.contains("--out"), "{error}");
    }

    #[test]
    fn folders_made_aside_by_the_dead_go_and_those_of_the_living_stay() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        let config = Preset::find("xor").unwrap().config().unwrap();
        for dead in [".wheatstone-a.tmp", ".wheatstone-b.tmp"] {
            fs::create_dir(path(dead)).unwrap();
        }
        fs::write(path(".wheatstone-b.tmp/.lock"), "process 1").unwrap();
        fs::create_dir(path(".wheatstone-c.tmp")).unwrap();
        let living = Lock::take(&path(".wheatstone-c.tmp")).unwrap();
        let (made, lock) = make(Some(&path("run")), &config).unwrap();
        assert_eq!(fs::read_to_string(made.join(CONFIG)).unwrap(), config.to_toml());
        assert!(!path(".wheatstone-a.tmp").exists() && !path(".wheatstone-b.tmp").exists());
        assert!(path(".wheatstone-c.tmp").exists());
        assert!(matches!(make(Some(&made), &config), Err(RunError::Busy { .. })));
        drop((living, lock));
        // The same configuration and nothing else: a run that has not begun.
        make(Some(&made), &config).unwrap();
        let other = RunConfig { seed: 2, ..config.clone() };
        assert!(matches!(make(Some(&made), &other), Err(RunError::Occupied { .. })));
    }
}

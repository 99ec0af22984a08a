//! Rights to a file, without opening it, and who to ask for them.

use super::{Access, Denied};
use rustix::fs::{Access as Wanted, AtFlags, CWD, accessat};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether this process may read and write a file. `groups` is the system's list of groups.
pub fn access(path: &Path, groups: &str) -> Access {
    let Ok(metadata) = fs::metadata(path) else { return Access::Absent };
    // The system is asked, not the mode alone: whoever sits at the machine may have rights by a list of their own.
    if accessat(CWD, path, Wanted::READ_OK | Wanted::WRITE_OK, AtFlags::EACCESS).is_ok() {
        return Access::Allowed;
    }
    let mode = metadata.mode() & 0o777;
    let group = group(groups, metadata.gid());
    let user = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default();
    Access::Denied(Denied {
        mode,
        group: group.map_or_else(|| metadata.gid().to_string(), |group| group.name.to_owned()),
        by_group: mode & 0o060 == 0o060 && metadata.gid() != 0,
        listed: group
            .is_some_and(|group| group.members.split(',').any(|name| !user.is_empty() && name == user)),
    })
}

/// A line of the list of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group<'t> {
    name: &'t str,
    members: &'t str,
}

fn group(groups: &str, gid: u32) -> Option<Group<'_>> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number, members) = (fields.next()?, fields.nth(1)?, fields.next()?);
        (number.parse() == Ok(gid)).then_some(Group { name, members })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_found_by_their_number() {
        let text = "root:x:0:\nnonsense\ndialout:x:20:ada,grace\nshort:x\n";
        assert_eq!(group(text, 20), Some(Group { name: "dialout", members: "ada,grace" }));
        assert_eq!(group(text, 21), None);
    }

    #[test]
    fn a_file_of_ones_own_may_be_used_and_one_that_is_gone_may_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(access(file.path(), ""), Access::Allowed);
        assert_eq!(access(Path::new("/no/such/port"), ""), Access::Absent);
    }
}

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
    let user = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    Access::Denied(denied(metadata.mode(), metadata.gid(), groups, &user.unwrap_or_default()))
}

/// What may be done for a user about a file with this mode and group.
fn denied(mode: u32, gid: u32, groups: &str, user: &str) -> Denied {
    let group = group(groups, gid);
    let listed = |group: Group| !user.is_empty() && group.members.split(',').any(|name| name == user);
    Denied {
        mode: mode & 0o777,
        group: group.map_or_else(|| gid.to_string(), |group| group.name.to_owned()),
        // Nobody should join the group of root.
        by_group: mode & 0o060 == 0o060 && gid != 0,
        listed: group.is_some_and(listed),
    }
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
    fn a_group_helps_if_it_may_and_is_not_root() {
        let groups = "root:x:0:\ndialout:x:20:ada,grace\n";
        let expected =
            |mode, group: &str, by_group, listed| Denied { mode, group: group.into(), by_group, listed };
        assert_eq!(denied(0o20660, 20, groups, "linus"), expected(0o660, "dialout", true, false));
        assert_eq!(denied(0o20660, 20, groups, "ada"), expected(0o660, "dialout", true, true));
        assert_eq!(denied(0o20600, 20, groups, "linus"), expected(0o600, "dialout", false, false));
        assert_eq!(denied(0o20660, 0, groups, "linus"), expected(0o660, "root", false, false));
        assert_eq!(denied(0o20660, 7, groups, ""), expected(0o660, "7", true, false));
    }

    #[test]
    fn a_file_of_ones_own_may_be_used_and_one_that_is_gone_may_not() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(access(file.path(), ""), Access::Allowed);
        assert_eq!(access(Path::new("/no/such/port"), ""), Access::Absent);
    }
}

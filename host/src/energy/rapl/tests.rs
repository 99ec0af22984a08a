use super::*;
use tempfile::TempDir;

const RANGE: u64 = 262_143_328_850;

/// A system with counters.
struct Tree(TempDir);

impl Tree {
    fn new() -> Tree {
        Tree(tempfile::tempdir().unwrap())
    }

    fn zone(&self, zone: &str, name: &str, energy_uj: u64) -> &Tree {
        fs::create_dir_all(self.folder(zone)).unwrap();
        self.put(zone, "name", &format!("{name}\n"));
        self.put(zone, "max_energy_range_uj", &format!("{RANGE}\n"));
        self.set(zone, energy_uj)
    }

    fn set(&self, zone: &str, energy_uj: u64) -> &Tree {
        self.put(zone, "energy_uj", &format!("{energy_uj}\n"));
        self
    }

    fn put(&self, zone: &str, file: &str, text: &str) {
        fs::write(self.folder(zone).join(file), text).unwrap();
    }

    fn folder(&self, zone: &str) -> PathBuf {
        self.0.path().join(FOLDER).join(zone)
    }

    fn packages(&self) -> Result<Rapl, SourceError> {
        Rapl::packages(self.0.path())
    }

    /// A server: two packages with their parts, and what must not be added.
    fn server() -> Tree {
        let tree = Tree::new();
        tree.zone("intel-rapl:0", "package-0", 1_000_000)
            .zone("intel-rapl:0:0", "core", 700_000)
            .zone("intel-rapl:0:1", "dram", 50_000)
            .zone("intel-rapl:1", "package-1", 2_000_000)
            .zone("intel-rapl:1:0", "dram", 60_000)
            .zone("intel-rapl:2", "psys", 9_000_000)
            .zone("intel-rapl-mmio:0", "package-0", 1_000_000);
        fs::create_dir_all(tree.folder("intel-rapl")).unwrap();
        tree
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Joules between two moments; `change` happens in between.
fn joules<T>(rapl: &mut Rapl, change: impl FnOnce() -> T) -> f64 {
    let from = rapl.mark(seconds(10)).unwrap();
    change();
    let to = rapl.mark(seconds(20)).unwrap();
    rapl.energy(from, to).unwrap().value.0
}

#[test]
fn packages_are_summed_and_nothing_else_is() {
    let tree = Tree::server();
    let mut rapl = tree.packages().unwrap();
    assert_eq!(rapl.describe().method, "counters of the processor: package-0, package-1");
    let all = || {
        let zones =
            ["intel-rapl:0:0", "intel-rapl:0:1", "intel-rapl:1:0", "intel-rapl:2", "intel-rapl-mmio:0"];
        for zone in zones {
            tree.set(zone, 90_000_000_000);
        }
        tree.set("intel-rapl:0", 31_000_000).set("intel-rapl:1", 22_500_000);
    };
    assert_eq!(joules(&mut rapl, all), 30.0 + 20.5);
}

#[test]
fn memory_is_a_source_of_its_own() {
    let tree = Tree::server();
    let mut dram = Rapl::dram(tree.0.path()).unwrap();
    assert_eq!(dram.describe().scope, Scope::Dram);
    let change = || {
        tree.set("intel-rapl:0", 90_000_000)
            .set("intel-rapl:0:1", 5_050_000)
            .set("intel-rapl:1:0", 1_060_000);
    };
    assert_eq!(joules(&mut dram, change), 6.0);
    let desktop = Tree::new();
    desktop.zone("intel-rapl:0", "package-0", 0).zone("intel-rapl:0:0", "core", 0);
    let error = Rapl::dram(desktop.0.path()).unwrap_err();
    assert!(error.to_string().contains("no energy counter for memory modules"), "{error}");
}

#[test]
fn a_counter_wraps_at_its_range() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", RANGE - 4_000_000);
    let mut rapl = tree.packages().unwrap();
    assert_eq!(joules(&mut rapl, || tree.set("intel-rapl:0", 6_000_000)), 10.0);
    assert_eq!(joules(&mut rapl, || tree.set("intel-rapl:0", 7_000_000)), 1.0);
}

#[test]
fn a_counter_that_may_have_wrapped_twice_is_not_believed() {
    let tree = Tree::new();
    tree.zone("intel-rapl:0", "package-0", 0);
    let mut rapl = tree.packages().unwrap();
    rapl.mark(seconds(0)).unwrap();
    rapl.mark(seconds(260)).unwrap();
    let error = rapl.mark(seconds(260 + 263)).unwrap_err();
    assert!(matches!(error, SourceError::Wrapped { .. }), "{error}");
    assert!(error.to_string().contains("262.1s"), "{error}");
}

#[test]
fn packages_keep_their_counts_when_they_are_renumbered() {
    let tree = Tree::server();
    let mut rapl = tree.packages().unwrap();
    let exchange = || {
        tree.zone("intel-rapl:0", "package-1", 3_000_000).zone("intel-rapl:1", "package-0", 5_000_000);
    };
    assert_eq!(joules(&mut rapl, exchange), (5.0 - 1.0) + (3.0 - 2.0));
}

#[test]
fn a_package_that_goes_away_is_an_error_and_no_zero() {
    let tree = Tree::server();
    let mut rapl = tree.packages().unwrap();
    fs::remove_dir_all(tree.folder("intel-rapl:1")).unwrap();
    fs::remove_dir_all(tree.folder("intel-rapl:1:0")).unwrap();
    let message = rapl.mark(seconds(1)).unwrap_err().to_string();
    assert!(message.contains("`package-1` is there 0 times"), "{message}");
    tree.zone("intel-rapl:1", "package-0", 0);
    let message = rapl.mark(seconds(1)).unwrap_err().to_string();
    assert!(message.contains("`package-0` is there 2 times"), "{message}");
}

#[test]
fn files_that_are_missing_or_hold_something_else_are_named() {
    let empty = Tree::new();
    let message = empty.packages().unwrap_err().to_string();
    assert!(message.contains("sys/class/powercap") && message.contains("modprobe"), "{message}");

    let tree = Tree::server();
    for (text, shown) in
        [("lots", "`lots`"), ("-1", "`-1`"), ("", "``"), ("999999999999999", "`999999999999999`")]
    {
        tree.put("intel-rapl:1", "energy_uj", text);
        let message = tree.packages().unwrap_err().to_string();
        assert!(message.contains("intel-rapl:1/energy_uj") && message.contains(shown), "{message}");
    }
    fs::remove_file(tree.folder("intel-rapl:1").join("energy_uj")).unwrap();
    let message = tree.packages().unwrap_err().to_string();
    assert!(message.contains("intel-rapl:1/energy_uj") && message.contains("modprobe -r"), "{message}");
}

#[test]
fn without_rights_the_message_says_how_to_get_them() {
    let tree = Tree::server();
    let file = tree.folder("intel-rapl:0").join("energy_uj");
    let denied = io::Error::from(io::ErrorKind::PermissionDenied);
    assert!(SourceError::file(&file, denied, DENIED).to_string().contains("chmod -R a+r"));
    let mut nobody = fs::metadata(&file).unwrap().permissions();
    #[cfg(unix)]
    std::os::unix::fs::PermissionsExt::set_mode(&mut nobody, 0);
    fs::set_permissions(&file, nobody).unwrap();
    // Root reads everything.
    if fs::read_to_string(&file).is_err() {
        let message = tree.packages().unwrap_err().to_string();
        assert!(message.contains("intel-rapl:0/energy_uj") && message.contains("chmod -R a+r"), "{message}");
    }
}

#[test]
fn a_block_of_a_few_milliseconds_is_too_short() {
    let tree = Tree::server();
    let mut rapl = tree.packages().unwrap();
    let from = rapl.mark(Duration::ZERO).unwrap();
    let to = rapl.mark(Duration::from_millis(15)).unwrap();
    assert!(matches!(rapl.energy(from, to), Err(SourceError::TooShort { .. })));
}

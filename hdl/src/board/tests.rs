use super::*;
use std::collections::BTreeSet;
use std::path::PathBuf;

#[test]
fn a_board_is_known_by_its_name() {
    for &board in Board::all() {
        assert_eq!(board.name().parse(), Ok(board));
        assert_eq!(Board::open(board.name()).unwrap(), board);
    }
    let message = "ulx4s".parse::<Board>().unwrap_err().to_string();
    assert!(message.contains("`ulx4s`") && message.contains("ulx3s-85f"), "{message}");
}

#[test]
fn names_of_before_are_names_still() {
    for name in ["ulx3s-12f", "ulx3s-25f", "ulx3s-45f", "ulx3s-85f", "icebreaker", "hx8k-evn", "generic"] {
        assert_eq!(name.parse::<Board>().unwrap().name(), name);
    }
}

#[test]
fn every_board_is_described_by_its_file() {
    assert_eq!(Board::all().len(), BOARD_FILES.len() + 1);
    let mut described = Board::all().iter().filter_map(|board| board.description());
    assert!(described.all(|description| description.device.nextpnr.is_some()));
    assert_eq!((Board::generic().description(), Board::generic().technology()), (None, Technology::Generic));
    let technologies: BTreeSet<Technology> = Board::all().iter().map(|board| board.technology()).collect();
    assert_eq!(technologies.len(), Technology::ALL.len());
}

#[test]
fn one_board_is_the_default() {
    let defaults =
        Board::all().iter().filter_map(|board| board.description()).filter(|board| board.is_default);
    assert_eq!(defaults.count(), 1);
    assert_eq!(Board::default().name(), "ulx3s-85f");
}

#[test]
fn every_file_of_pins_is_some_boards() {
    let used: BTreeSet<&str> = Board::all().iter().filter_map(|board| Some(board.pins()?.file)).collect();
    assert_eq!(used, PIN_FILES.iter().map(|(file, _)| *file).collect());
}

/// A copy of a board's two files under another name.
fn copied(board: &str, name: &str, change: impl Fn(String) -> String) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (_, text) = BOARD_FILES.iter().find(|(file, _)| file.trim_end_matches(".toml") == board).unwrap();
    let pins = board.parse::<Board>().unwrap().pins().unwrap();
    fs::write(folder.path().join(pins.file), pins.text).unwrap();
    let path = folder.path().join(format!("{name}.toml"));
    fs::write(&path, change((*text).to_owned())).unwrap();
    (folder, path)
}

fn open(path: &Path) -> Result<Board, BoardError> {
    Board::open(path.to_str().unwrap())
}

#[test]
fn a_file_is_a_board_of_its_name() {
    for (like, clock) in
        [("ulx3s-25f", "25_000_000"), ("hx8k-evn", "12_000_000"), ("icebreaker", "12_000_000")]
    {
        let (_folder, path) = copied(like, "mine", |text| text.replace("loader = ", "loader = \"x\" # "));
        let (mine, like) = (open(&path).unwrap(), like.parse::<Board>().unwrap());
        assert_eq!((mine.name(), mine.technology(), mine.pins()), ("mine", like.technology(), like.pins()));
        assert_ne!(mine, like);
        assert_eq!(mine.description().unwrap().island.clock_hz.to_string(), clock.replace('_', ""));
    }
}

#[test]
fn the_file_of_a_board_of_the_program_is_that_board_unless_it_says_something_else() {
    let (_folder, path) = copied("icebreaker", "icebreaker", |text| text);
    assert!(std::ptr::eq(open(&path).unwrap().0, "icebreaker".parse::<Board>().unwrap().0));
    let (_folder, path) = copied("icebreaker", "icebreaker", |text| text.replace("1024", "512"));
    let message = open(&path).unwrap_err().to_string();
    assert!(message.contains("another board `icebreaker`") && message.contains("rename"), "{message}");
}

#[test]
fn a_board_file_with_a_slip_is_refused() {
    for (right, wrong, said) in [
        ("package", "packet", "packet"),
        ("LFE5U-25F", "LFE5U-26F", "there is no `LFE5U-26F`; there are"),
        ("\"LFE5U-25F\"", "\"iCE40 LP384\"", "there is no `iCE40 LP384`"),
        ("CABGA381", "CABGA756", "does not come in `CABGA756`"),
        (
            "\"ulx3s.lpf\"",
            "\"ulx3s.pcf\"",
            "`ulx3s.pcf` is not a file beside this one whose name ends in .lpf",
        ),
        ("\"ulx3s.lpf\"", "\"../ulx3s.lpf\"", "`../ulx3s.lpf` is not a file beside"),
        ("\"ulx3s.lpf\"", "\"gone.lpf\"", "gone.lpf"),
        ("loader = ", "# ", "either `loader`"),
        ("25_000_000", "24_000_000", "`FREQUENCY PORT \"clk\" 24 MHZ;` stands 0 times"),
        ("25_000_000", "1_000_000", "1000000 is not in"),
        ("16_384", "16_383", "island.sample_words: 16383 is no power of two"),
        ("16_384", "131_072", "island.sample_words: 131072"),
        ("2048", "1", "island.order_words: 1 is no power of two"),
        ("\"block\"", "\"spram\"", "has no spram"),
        ("vendor_id", "vendor", "vendor"),
    ] {
        let (_folder, path) = copied("ulx3s-25f", "mine", |text| text.replacen(right, wrong, 1));
        let message = open(&path).unwrap_err().to_string();
        assert!(message.contains(said), "{wrong}: {message}");
        let file = if wrong.contains("gone") { "gone.lpf" } else { "mine.toml" };
        assert!(message.contains(file), "{wrong}: {message}");
    }
    for name in ["..", "-x", "a b", "x\u{1b}[2J", &"a".repeat(65)] {
        let (_folder, path) = copied("ulx3s-25f", "mine", |text| text);
        let renamed = path.with_file_name(format!("{name}.toml"));
        fs::rename(path, &renamed).unwrap();
        let message = open(&renamed).unwrap_err().to_string();
        assert!(message.contains("cannot be a board's name"), "{name}: {message}");
    }
}

#[test]
fn pins_that_are_missing_or_told_twice_are_refused() {
    for (right, wrong) in [
        ("set_io rx", "set_io ry"),
        ("set_io tx 9", "set_io tx 9\nset_io tx 10"),
        ("set_io clk", "# set_io clk"),
    ] {
        let (folder, path) = copied("icebreaker", "mine", |text| text);
        let pins = folder.path().join("icebreaker.pcf");
        fs::write(&pins, fs::read_to_string(&pins).unwrap().replace(right, wrong)).unwrap();
        let message = open(&path).unwrap_err().to_string();
        assert!(message.contains("must stand once") && message.contains("icebreaker.pcf"), "{message}");
    }
}

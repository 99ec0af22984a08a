//! The data sets inside the binary: four small classics of the UCI repository, under CC BY 4.0.
//!
//! The tables are `learn/data/*.csv`, read by the same reader as the user's own; `learn/data/README.md` says
//! where they come from and what was changed.

use crate::data::csv::{CsvError, CsvOptions, Separator, TargetKind, parse_csv};
use crate::data::dataset::{Citation, Dataset};

/// A data set inside the binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Builtin {
    /// 150 flowers, 4 lengths in cm, 3 species of 50.
    Iris,
    /// 178 wines, 13 chemical measurements, 3 cultivars of 59, 71 and 48.
    Wine,
    /// 569 tumours, 30 measurements of cell nuclei, 357 benign and 212 malignant.
    BreastCancer,
    /// 1797 handwritten digits, 8x8 pixels of 0 to 16, 10 classes of 174 to 183.
    Digits,
}

const CC_BY: Option<&str> = Some("CC BY 4.0");

impl Builtin {
    /// All of them, in the order they are listed to users.
    pub const ALL: [Builtin; 4] = [Builtin::Iris, Builtin::Wine, Builtin::BreastCancer, Builtin::Digits];

    /// The name it goes by: `iris`, `wine`, `breast-cancer` or `digits`.
    pub fn name(self) -> &'static str {
        match self {
            Builtin::Iris => "iris",
            Builtin::Wine => "wine",
            Builtin::BreastCancer => "breast-cancer",
            Builtin::Digits => "digits",
        }
    }

    /// The data set of that name.
    pub fn from_name(name: &str) -> Option<Builtin> {
        Builtin::ALL.into_iter().find(|set| set.name() == name)
    }

    /// One line that says what is to be learned.
    pub fn summary(self) -> &'static str {
        match self {
            Builtin::Iris => "the species of an iris from 4 lengths in cm",
            Builtin::Wine => "the cultivar of a wine from 13 chemical measurements",
            Builtin::BreastCancer => "benign or malignant from 30 measurements of cell nuclei",
            Builtin::Digits => "a handwritten digit from 8x8 pixels of 0 to 16",
        }
    }

    /// Who made it, where it is published, under which licence.
    pub fn citation(self) -> Citation {
        let (reference, link) = match self {
            Builtin::Iris => (
                "R. A. Fisher (1936). Iris. UCI Machine Learning Repository.",
                "https://doi.org/10.24432/C56C76",
            ),
            Builtin::Wine => (
                "S. Aeberhard, M. Forina (1992). Wine. UCI Machine Learning Repository.",
                "https://doi.org/10.24432/C5PC7J",
            ),
            Builtin::BreastCancer => (
                "W. Wolberg, O. Mangasarian, N. Street, W. Street (1993). Breast Cancer Wisconsin (Diagnostic). \
                 UCI Machine Learning Repository.",
                "https://doi.org/10.24432/C5DW2B",
            ),
            Builtin::Digits => (
                "E. Alpaydin, C. Kaynak (1998). Optical Recognition of Handwritten Digits (its test part). UCI \
                 Machine Learning Repository.",
                "https://doi.org/10.24432/C50P49",
            ),
        };
        Citation { reference, link, licence: CC_BY }
    }

    /// The table as CSV text.
    pub fn csv(self) -> &'static str {
        match self {
            Builtin::Iris => include_str!("../../data/iris.csv"),
            Builtin::Wine => include_str!("../../data/wine.csv"),
            Builtin::BreastCancer => include_str!("../../data/breast-cancer.csv"),
            Builtin::Digits => include_str!("../../data/digits.csv"),
        }
    }

    /// Name of the column that holds the classes: the last.
    fn target(self) -> &'static str {
        let header = self.csv().lines().next().unwrap_or_default();
        header.rsplit(',').next().unwrap_or_default()
    }

    /// The data set.
    ///
    /// # Errors
    /// None in practice: the shipped tables are tested. The reader's error type is kept all the same.
    pub fn load(self) -> Result<Dataset, CsvError> {
        let options = CsvOptions {
            targets: vec![self.target().to_owned()],
            kind: TargetKind::Classification,
            separator: Some(Separator::Comma),
            header: Some(true),
            ..CsvOptions::default()
        };
        Ok(parse_csv(self.name(), self.csv().as_bytes(), &options)?
            .as_shipped()
            .with_citation(self.citation()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::dataset::Targets;
    use crate::preset::Preset;

    fn shape(set: Builtin) -> (usize, usize, Vec<String>, Vec<usize>) {
        let data = set.load().unwrap();
        let Targets::Classes { names, labels } = data.targets() else { panic!("{set:?} has values") };
        let counts = (0..names.len()).map(|c| labels.iter().filter(|l| **l == c).count()).collect();
        (data.rows(), data.features().len(), names.clone(), counts)
    }

    #[test]
    fn the_sets_have_their_published_sizes() {
        let (rows, features, names, counts) = shape(Builtin::Iris);
        assert_eq!((rows, features, counts), (150, 4, vec![50, 50, 50]));
        assert_eq!(names, ["setosa", "versicolor", "virginica"]);
        let (rows, features, names, counts) = shape(Builtin::Wine);
        assert_eq!((rows, features, counts), (178, 13, vec![59, 71, 48]));
        assert_eq!(names, ["class_0", "class_1", "class_2"]);
        let (rows, features, names, counts) = shape(Builtin::BreastCancer);
        assert_eq!((rows, features, counts), (569, 30, vec![357, 212]));
        assert_eq!(names, ["benign", "malignant"]);
        let (rows, features, names, counts) = shape(Builtin::Digits);
        assert_eq!((rows, features), (1797, 64));
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!(names, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    }

    #[test]
    fn iris_has_the_values_of_fishers_paper() {
        // The repository's copy has errors in the 35th and the 38th row; the published table does not.
        let iris = Builtin::Iris.load().unwrap();
        assert_eq!(iris.row(34), [4.9, 3.1, 1.5, 0.2]);
        assert_eq!(iris.row(37), [4.9, 3.6, 1.4, 0.1]);
    }

    #[test]
    fn every_pixel_of_digits_lies_in_the_range_of_its_encoding() {
        let digits = Builtin::Digits.load().unwrap();
        let in_range = |x: &f64| (0.0..=16.0).contains(x) && x.fract() == 0.0;
        assert!((0..digits.rows()).all(|row| digits.row(row).iter().all(in_range)));
        let encoding = Preset::find("digits").unwrap().config().unwrap().encoding;
        assert_eq!((encoding.low, encoding.high), (Some(0.0), Some(16.0)));
    }

    #[test]
    fn names_find_their_sets_and_citations_their_licence() {
        for set in Builtin::ALL {
            assert_eq!(Builtin::from_name(set.name()), Some(set));
            let cited = set.load().unwrap().citation().unwrap().to_string();
            assert!(cited.contains("doi.org/10.24432") && cited.contains("CC BY 4.0"), "{cited}");
            assert!(!set.summary().is_empty());
        }
        assert_eq!(Builtin::from_name("Iris"), None);
    }
}

//! The settings of an encoding, as they stand in a configuration file.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use wheatstone_sim::categorize;

/// How a feature column becomes a number between -1 and 1, before it is put on the interval `to`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Each column's smallest and largest value in the training rows become -1 and 1.
    #[default]
    Minmax,
    /// Each column's mean in the training rows becomes 0, its standard deviation (of the training rows as the
    /// whole population) becomes `gain`.
    Standard,
    /// As `standard`, but rows in the outer 2 % at either end of a column do not count for its mean and deviation beyond
    /// where the others end, and a skewed column is replaced by its normal scores first: see `docs/data.md`.
    Robust,
    /// The known values `low` and `high`, the same for all columns, become -1 and 1.
    Fixed,
}

/// The outputs of a classification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassOutputs {
    /// One answer a class, the highest wins; of equal ones the first.
    #[default]
    OneHot,
    /// One answer for two classes: above 0 V the second, otherwise the first.
    Single,
}

/// The wanted voltages of a regression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueOutputs {
    /// Each target column's smallest and largest value in the training rows become the ends of `target_to`.
    #[default]
    Range,
    /// The values are volts already, between -1 and 1.
    Raw,
}

/// How features and targets become voltages. Volts are fractions of full scale.
///
/// A feature `x` of a column with centre `c` and half-width `h` (see [`Scale`]) becomes
/// `span * (m + r * s)` volts, with `s = (x - c) / h` limited to -1..1 and `m`, `r` the middle and half the
/// width of `to`. A column that is constant in the training rows becomes 0 V.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncodingConfig {
    /// How features are scaled; `minmax` if not given.
    pub scale: Scale,
    /// Standard deviation after scaling, above 0; `standard` and `robust` only. 1/3 if not given: three deviations fill the
    /// range.
    pub gain: f64,
    /// Value that becomes the lower end of `to`; `fixed` only, and needed there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// Value that becomes the upper end of `to`; `fixed` only, and needed there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Interval of the scaled features, in volts before `span`; -1..1 if not given.
    pub to: [f64; 2],
    /// Factor on every feature voltage, above 0 and at most 1; 1 if not given.
    pub span: f64,
    /// Whether a feature is two inputs, at `+x` and `-x` volts; so if not given. Conductances cannot be
    /// negative: the pair is how a passive network weighs a feature negatively.
    pub pairs: bool,
    /// Voltages of further inputs that are the same in every row, after the features; -1 and 1 V if not given.
    pub rails: Vec<f64>,
    /// The outputs of a classification; `one-hot` if not given.
    pub classes: ClassOutputs,
    /// Wanted voltage of the right class, above 0; 0.1 if not given. In `single`, the second class wants
    /// `+label` and the first `-label`.
    pub label: f64,
    /// Wanted voltage of the wrong classes in `one-hot`, below `label`; `-label / sqrt(classes - 1)` if not
    /// given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_label: Option<f64>,
    /// Whether an answer beyond its wanted voltage is right as well (at least `label`, at most `off_label`);
    /// so if not given. Classification only.
    pub hinge: bool,
    /// The wanted voltages of a regression; `range` if not given.
    pub values: ValueOutputs,
    /// Interval of the wanted voltages in `range`; `-label..label` if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_to: Option<[f64; 2]>,
    /// Whether an answer is half the difference of two outputs that want opposite voltages; not so if not
    /// given.
    pub differential: bool,
}

impl Default for EncodingConfig {
    fn default() -> Self {
        EncodingConfig {
            scale: Scale::Minmax,
            gain: 1.0 / 3.0,
            low: None,
            high: None,
            to: [-1.0, 1.0],
            span: 1.0,
            pairs: true,
            rails: vec![-1.0, 1.0],
            classes: ClassOutputs::OneHot,
            label: 0.1,
            off_label: None,
            hinge: true,
            values: ValueOutputs::Range,
            target_to: None,
            differential: false,
        }
    }
}

/// A setting of an [`EncodingConfig`] that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("encoding: {field} = {value} is not possible; {needs}")]
pub struct SettingError {
    /// Its key in the configuration.
    pub field: &'static str,
    /// What it was set to.
    pub value: String,
    /// What it has to be.
    pub needs: &'static str,
}

categorize!(SettingError: BadInput);

impl EncodingConfig {
    /// Checks every setting by itself and against the others.
    ///
    /// # Errors
    /// [`SettingError`] names the first setting that cannot be.
    pub fn check(&self) -> Result<(), SettingError> {
        let interval = |[a, b]: [f64; 2]| -1.0 <= a && a < b && b <= 1.0;
        let positive_volts = |v: f64| v > 0.0 && v <= 1.0;
        let text = |v: &dyn std::fmt::Debug| format!("{v:?}");
        let require = |ok: bool, field, value: String, needs| {
            if ok { Ok(()) } else { Err(SettingError { field, value, needs }) }
        };
        require(
            self.gain > 0.0 && self.gain.is_finite(),
            "gain",
            text(&self.gain),
            "it is a finite number above 0",
        )?;
        require(interval(self.to), "to", text(&self.to), "it is [a, b] with -1 <= a < b <= 1")?;
        require(positive_volts(self.span), "span", text(&self.span), "it is above 0 and at most 1")?;
        require(positive_volts(self.label), "label", text(&self.label), "it is above 0 and at most 1 V")?;
        let rail = self.rails.iter().find(|rail| !(-1.0..=1.0).contains(*rail));
        require(rail.is_none(), "rails", text(&self.rails), "each rail lies between -1 and 1 V")?;
        if let Some(off) = self.off_label {
            let below = (-1.0..self.label).contains(&off);
            require(below, "off_label", text(&off), "it is at least -1 V and below label")?;
        }
        if let Some(to) = self.target_to {
            require(interval(to), "target_to", text(&to), "it is [a, b] with -1 <= a < b <= 1")?;
            let ranged = self.values == ValueOutputs::Range;
            require(
                ranged,
                "target_to",
                text(&to),
                "it belongs to values = \"range\"; raw values are volts",
            )?;
        }
        match (self.scale, self.low, self.high) {
            (Scale::Fixed, Some(low), Some(high)) => {
                let ordered = low < high && low.is_finite() && high.is_finite();
                require(
                    ordered,
                    "low",
                    text(&low),
                    "it is a finite number below high, and so is high above it",
                )
            }
            (Scale::Fixed, ..) => require(
                false,
                "scale",
                text(&"fixed"),
                "it needs low and high, the ends of the features' known range",
            ),
            (_, None, None) => Ok(()),
            (_, Some(value), _) => require(false, "low", text(&value), "it belongs to scale = \"fixed\""),
            (_, _, Some(value)) => require(false, "high", text(&value), "it belongs to scale = \"fixed\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_table_is_the_default_and_unknown_settings_are_refused() {
        let empty: EncodingConfig = toml::from_str("").unwrap();
        assert_eq!(empty, EncodingConfig::default());
        assert_eq!(empty.check(), Ok(()));
        let text = toml::from_str::<EncodingConfig>("lable = 0.1").unwrap_err().to_string();
        assert!(text.contains("lable") && text.contains("label"), "{text}");
    }

    #[test]
    fn settings_survive_a_configuration_file() {
        let config: EncodingConfig = toml::from_str(
            "scale = 'fixed'\nlow = 0\nhigh = 16\nto = [0, 1]\nrails = [-0.5]\nclasses = 'single'\n\
             off_label = -0.05\nvalues = 'range'\ntarget_to = [0, 0.5]\ndifferential = true",
        )
        .unwrap();
        assert_eq!(
            (config.scale, config.high, config.classes),
            (Scale::Fixed, Some(16.0), ClassOutputs::Single)
        );
        assert_eq!(config.check(), Ok(()));
        assert_eq!(toml::from_str::<EncodingConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        assert_eq!(
            serde_json::from_str::<EncodingConfig>(&serde_json::to_string(&config).unwrap()).unwrap(),
            config
        );
    }

    #[test]
    fn impossible_settings_are_named() {
        for (wrong, field) in [
            ("gain = 0.0", "gain"),
            ("gain = inf", "gain"),
            ("to = [0.5, 0.5]", "to"),
            ("to = [-2.0, 1.0]", "to"),
            ("span = 1.5", "span"),
            ("span = nan", "span"),
            ("label = -0.1", "label"),
            ("rails = [0.0, nan]", "rails"),
            ("off_label = 0.1", "off_label"),
            ("target_to = [1.0, 0.0]", "target_to"),
            ("target_to = [0.0, 1.0]\nvalues = 'raw'", "target_to"),
            ("scale = 'fixed'\nlow = 0.0", "scale"),
            ("scale = 'fixed'\nlow = 2.0\nhigh = 1.0", "low"),
            ("low = 0.0", "low"),
            ("scale = 'standard'\nhigh = 1.0", "high"),
        ] {
            let config: EncodingConfig = toml::from_str(wrong).unwrap();
            let error = config.check().unwrap_err();
            assert_eq!(error.field, field, "{wrong}");
            assert!(error.to_string().starts_with(&format!("encoding: {field} = ")), "{error}");
        }
    }
}

//! What to say beside a score: baselines, and where a network has not learned what there is, which settings may help.

use wheatstone_learn::baseline::{Baselines, Concern};
use wheatstone_learn::config::{RunConfig, Shape};
use wheatstone_learn::data::Scale;
use wheatstone_learn::untuned::{self, Untuned};
use wheatstone_sim::Initial;

/// How many settings are named.
const NAMED: usize = 2;

/// Baselines in a few words; nothing where there are none.
pub fn baselines_text(baselines: &Baselines) -> String {
    let Baselines { most_frequent_class, linear } = *baselines;
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    match (most_frequent_class, linear) {
        (Some(most), Some(linear)) => {
            format!("linear model {}, most frequent class {}", percent(linear), percent(most))
        }
        (Some(most), None) => format!("most frequent class {}", percent(most)),
        (None, Some(linear)) => format!("linear model R^2 {linear:.3}, mean 0"),
        (None, None) => String::new(),
    }
}

/// The warning to a run of that concern, one line: what is wrong, and what to try.
pub fn warning(concern: Concern, config: &RunConfig, rules: &Untuned) -> String {
    let what = concern.describe();
    let tries: Vec<String> = tries(config, rules).into_iter().take(NAMED).collect();
    format!("the network {what}; try {}", tries.join(", or "))
}

/// Settings that may help, the likeliest first: where a run differs from what the rules give, then more of what it has.
fn tries(config: &RunConfig, rules: &Untuned) -> Vec<String> {
    let mut tries = Vec::new();
    let set = |key: &str, value: String| format!("--set '{key}={value}'");
    let Shape::Layered { hidden } = &config.network.shape else {
        let Shape::Layered { hidden } = &rules.network.shape else { return tries };
        return vec![
            set("network.shape.layered.hidden", format!("{hidden:?}")),
            format!("--epochs {}", 2 * config.epochs),
        ];
    };
    if let (Some(&Initial::Uniform { high, .. }), Some(&Initial::Uniform { high: ruled, .. })) =
        (config.network.initial.first(), rules.network.initial.first())
        && high > 3.0 * ruled
    {
        tries.push(set("network.initial", initial_text(&rules.network.initial)));
    }
    if config.encoding.label > 3.0 * rules.encoding.label && rules.encoding.hinge {
        tries.push(set("encoding.label", format!("{}", rules.encoding.label)));
    }
    if let (Shape::Layered { hidden: ruled }, [only]) = (&rules.network.shape, hidden.as_slice())
        && *only < ruled.iter().copied().max().unwrap_or(0)
    {
        tries.push(set("network.shape.layered.hidden", format!("{ruled:?}")));
    }
    if config.encoding.scale != Scale::Robust {
        tries.push(set("encoding.scale", "robust".into()));
    }
    if let [only] = hidden.as_slice() {
        tries.push(set("network.shape.layered.hidden", format!("[{}]", (2 * only).max(untuned::HIDDEN))));
    }
    tries.push(format!("--epochs {}", 2 * config.epochs));
    tries.push(set("seed", (config.seed + 1).to_string()));
    tries
}

fn initial_text(initial: &[Initial]) -> String {
    let entry = |initial: &Initial| match initial {
        Initial::Uniform { low, high } => format!("{{kind=\"uniform\",low={low:?},high={high}}}"),
        Initial::HalfNormal { scale } => format!("{{kind=\"half_normal\",scale={scale}}}"),
    };
    format!("[{}]", initial.iter().map(entry).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_learn::config::Draft;
    use wheatstone_learn::experiment::load_dataset;

    fn warned(overrides: &[&str]) -> String {
        let mut draft = Draft::preset("table").unwrap();
        overrides.iter().for_each(|text| draft.set(text).unwrap());
        let config = draft.finish().unwrap();
        let rules = Untuned::beside(&config, &load_dataset(&config.data.source).unwrap());
        warning(Concern::NearChance, &config, &rules)
    }

    #[test]
    fn two_settings_are_named_and_can_be_given_as_they_stand() {
        let few_inputs = warned(&[]);
        assert!(
            few_inputs.contains("encoding.label=0.015") && few_inputs.contains("hidden=[64]"),
            "{few_inputs}"
        );
        let much = warned(&["network.initial=[{kind=\"uniform\",low=0,high=1}]"]);
        let text = much.split('\'').nth(1).unwrap();
        let mut draft = Draft::preset("table").unwrap();
        draft.set(text).unwrap();
        assert_eq!(draft.finish().unwrap().network.initial.len(), 2, "{much}");
        let crossbar = warned(&["network.shape=crossbar", "network.alpha=[0]"]);
        assert!(crossbar.contains("hidden=[64]") && crossbar.contains("--epochs 80"), "{crossbar}");
    }

    #[test]
    fn baselines_are_told_where_they_are_known() {
        let text = |most_frequent_class, linear| baselines_text(&Baselines { most_frequent_class, linear });
        assert_eq!(text(Some(0.5), Some(0.975)), "linear model 97.50 %, most frequent class 50.00 %");
        assert_eq!(text(None, Some(0.4)), "linear model R^2 0.400, mean 0");
        assert_eq!(text(None, None), "");
    }
}

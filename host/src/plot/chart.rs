//! Line charts: the only place that knows `plotters`.
//!
//! The canvas is drawn [`FINE`] times larger than it is shown, because `plotters` rounds every coordinate and width
//! to whole units.

use super::palette::{GRID, INK, MUTED, Rgb};
use super::scale::{Axis, unit};
use super::svg::{escape, head, printable};
use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle, WHITE};
use std::ops::Range;

/// Canvas units in a CSS pixel.
const FINE: i32 = 4;
/// Width of every chart in CSS pixels.
const WIDTH: i32 = 760;
/// Height of the strip of the legend and of each line of it.
const LEGEND: i32 = 26;
/// The axes begin here.
const INDENT: i32 = 88;
/// Largest number of points a series keeps.
pub(super) const MAX_POINTS: usize = 1000;

/// How the points of a series are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Mark {
    /// Joined by a line of that width.
    Line(f64),
    /// Joined by a line of that width, each with a dot.
    Dotted(f64),
    /// Filled dots of that radius.
    Dots(f64),
    /// Open dots of that radius.
    Rings(f64),
}

/// Points in the units of the axes.
pub(super) struct Series {
    pub name: String,
    pub colour: Rgb,
    pub mark: Mark,
    pub points: Vec<(f64, f64)>,
}

/// One pair of axes with its series.
pub(super) struct Panel {
    pub x: Axis,
    pub y: Axis,
    pub height: i32,
    pub series: Vec<Series>,
}

/// A chart of one or more panels, one above the other.
pub(super) struct Chart<'a> {
    /// What a screen reader says.
    pub title: &'a str,
    /// A remark at the foot.
    pub note: Option<String>,
    /// Its panels from top to bottom.
    pub panels: Vec<Panel>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type DrawError = DrawingAreaErrorKind<<SVGBackend<'static> as DrawingBackend>::ErrorType>;

impl Chart<'_> {
    /// The chart as SVG. Series of an equal name and colour share an entry of the legend.
    pub(super) fn svg(&self) -> String {
        let rows = self.legend_rows();
        let foot = if self.note.is_some() { 24 } else { 0 };
        let height = LEGEND * i32::try_from(rows.len()).unwrap_or(1)
            + 8
            + self.panels.iter().map(|p| p.height).sum::<i32>()
            + foot;
        let mut text = String::new();
        let drawn = self.draw(&mut text, (WIDTH * FINE, height * FINE), &rows);
        let body = match drawn {
            Ok(()) => text.split_once('>').map_or("", |(_, rest)| rest).trim_start().to_owned(),
            // Writing to memory does not fail; a report is not lost if it does.
            Err(error) => format!(
                "<text x=\"80\" y=\"120\" font-size=\"56\">{}</text></svg>\n",
                escape(&error.to_string())
            ),
        };
        let units = (f64::from(WIDTH * FINE), f64::from(height * FINE));
        head(f64::from(WIDTH), f64::from(height), units, self.title) + &body
    }

    fn draw(&self, text: &mut String, size: (i32, i32), rows: &[Vec<&Series>]) -> Result<(), DrawError> {
        let size = (size.0.unsigned_abs(), size.1.unsigned_abs());
        let root = SVGBackend::with_string(text, size).into_drawing_area();
        root.fill(&WHITE)?;
        for (row, entries) in (0..).zip(rows) {
            let y = FINE * (LEGEND * row + LEGEND / 2 + 6);
            let mut x = FINE * INDENT;
            for series in entries {
                legend_entry(&root, series, (x, y))?;
                x += entry_width(series);
            }
        }
        let mut y = FINE * (LEGEND * i32::try_from(rows.len()).unwrap_or(1) + 8);
        for panel in &self.panels {
            let bottom = y + FINE * panel.height;
            let area = root.clone().shrink((0, y), (size.0, (FINE * panel.height).unsigned_abs()));
            panel.draw(&area)?;
            y = bottom;
        }
        if let Some(note) = &self.note {
            let style = font(11.5, MUTED).pos(Pos::new(HPos::Left, VPos::Center));
            root.draw(&Text::new(clean(note), (FINE * INDENT, y + FINE * 8), style))?;
        }
        root.present()
    }

    /// The entries of the legend in rows that fit.
    fn legend_rows(&self) -> Vec<Vec<&Series>> {
        let mut rows: Vec<Vec<&Series>> = vec![Vec::new()];
        let mut used = 0;
        let mut seen: Vec<(&str, Rgb)> = Vec::new();
        for series in self.panels.iter().flat_map(|p| &p.series).filter(|s| !s.name.is_empty()) {
            if seen.contains(&(&series.name, series.colour)) {
                continue;
            }
            seen.push((&series.name, series.colour));
            let width = entry_width(series);
            if used > 0 && used + width > FINE * (WIDTH - INDENT) {
                rows.push(Vec::new());
                used = 0;
            }
            used += width;
            if let Some(row) = rows.last_mut() {
                row.push(series);
            }
        }
        rows
    }
}

impl Panel {
    fn draw(&self, area: &Area<'_>) -> Result<(), DrawError> {
        let mut chart = ChartBuilder::on(area)
            .margin_top(FINE * 8)
            .margin_right(FINE * 24)
            .margin_left(FINE * 14)
            .x_label_area_size(FINE * 50)
            .y_label_area_size(FINE * 74)
            .build_cartesian_2d(Coordinates(self.x.clone()), Coordinates(self.y.clone()))?;
        chart
            .configure_mesh()
            .x_desc(clean(&self.x.label))
            .y_desc(clean(&self.y.label))
            .axis_desc_style(font(14.0, INK))
            .label_style(font(12.5, INK))
            .bold_line_style(stroke(GRID, 1.0))
            .light_line_style(stroke(Rgb(240, 241, 243), 0.75))
            .axis_style(stroke(MUTED, 1.0))
            .set_all_tick_mark_size(FINE * 5)
            .draw()?;
        for series in &self.series {
            let (line, dot) = match series.mark {
                Mark::Line(width) => (Some(width), None),
                Mark::Dotted(width) => (Some(width), Some(width + 0.7)),
                Mark::Dots(radius) | Mark::Rings(radius) => (None, Some(radius)),
            };
            if let Some(width) = line.filter(|_| series.points.len() > 1) {
                let path = PathElement::new(series.points.clone(), stroke(series.colour, width));
                chart.draw_series(std::iter::once(path))?;
            }
            // A lone point of a line is seen only as a dot.
            let dot = if series.points.len() == 1 { Some(dot.unwrap_or(0.0).max(4.0)) } else { dot };
            if let Some(radius) = dot {
                let style = dot_style(series);
                let radius = unit(f64::from(FINE) * radius);
                chart.draw_series(series.points.iter().map(|p| Circle::new(*p, radius, style)))?;
            }
        }
        Ok(())
    }
}

fn legend_entry(root: &Area<'_>, series: &Series, (x, y): (i32, i32)) -> Result<(), DrawError> {
    let (left, right) = (x, x + FINE * 24);
    match series.mark {
        Mark::Line(width) | Mark::Dotted(width) => {
            root.draw(&PathElement::new([(left, y), (right, y)], stroke(series.colour, width)))?;
        }
        Mark::Dots(_) | Mark::Rings(_) => {}
    }
    if !matches!(series.mark, Mark::Line(_)) {
        root.draw(&Circle::new(((left + right) / 2, y), FINE * 4, dot_style(series)))?;
    }
    let style = font(13.0, INK).pos(Pos::new(HPos::Left, VPos::Center));
    root.draw(&Text::new(clean(&series.name), (right + FINE * 7, y), style))
}

/// Room for a legend entry; the width of a font nobody has chosen yet is estimated.
fn entry_width(series: &Series) -> i32 {
    FINE * (24 + 7 + 22)
        + unit(f64::from(FINE) * 7.0) * i32::try_from(series.name.chars().count()).unwrap_or(0)
}

/// An [`Axis`] as `plotters` sees it.
struct Coordinates(Axis);

impl Ranged for Coordinates {
    type ValueType = f64;
    type FormatOption = NoDefaultFormatting;

    fn map(&self, value: &f64, (first, last): (i32, i32)) -> i32 {
        let share = (value - self.0.low) / (self.0.high - self.0.low);
        unit(f64::from(first) + share * f64::from(last - first))
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { self.0.faint.clone() } else { self.0.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.0.low..self.0.high
    }
}

impl ValueFormatter<f64> for Coordinates {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        self.0.number(*value)
    }
}

fn colour(rgb: Rgb) -> RGBColor {
    RGBColor(rgb.0, rgb.1, rgb.2)
}

fn stroke(rgb: Rgb, width: f64) -> ShapeStyle {
    colour(rgb).stroke_width(unit(f64::from(FINE) * width).unsigned_abs())
}

fn dot_style(series: &Series) -> ShapeStyle {
    match series.mark {
        Mark::Rings(_) => stroke(series.colour, 1.5),
        _ => colour(series.colour).filled(),
    }
}

fn font(size: f64, rgb: Rgb) -> TextStyle<'static> {
    ("sans-serif", f64::from(FINE) * size).into_font().color(&colour(rgb))
}

/// Without the characters XML has no place for; `plotters` escapes the rest itself.
fn clean(text: &str) -> String {
    text.chars().map(|c| if printable(c) { c } else { '\u{fffd}' }).collect()
}

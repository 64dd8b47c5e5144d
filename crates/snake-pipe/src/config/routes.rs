//! `[backends.NAME.route]`: which files a backend takes.

use std::collections::BTreeMap;

use snake_pipe_coordinator::Route;
use snake_pipe_core::{Language, Result};

use super::layers::RULES;

/// The route among a backend's options, which are rid of it.
pub(super) fn take_route(options: &mut BTreeMap<String, String>) -> Result<Route> {
    let [languages, paths, repositories] =
        RULES.map(|rule| options.remove(&format!("route.{rule}")).as_deref().map(items).unwrap_or_default());
    let languages = languages.iter().map(|name| name.parse()).collect::<Result<Vec<Language>>>()?;
    let route = Route { languages, paths, repositories };
    route.validate()?;
    Ok(route)
}

/// The items of a list that was joined by commas; those within braces belong to a glob.
fn items(list: &str) -> Vec<String> {
    let mut depth = 0_usize;
    let separates = |character: char| {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        character == ',' && depth == 0
    };
    list.split(separates).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

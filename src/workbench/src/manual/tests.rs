//! The pages hold together: every link leads somewhere, every command, screen and kind of
//! finding has its place, and the text keeps to the habits of the repository.

#![expect(
    clippy::disallowed_methods,
    reason = "a test of files reads them; nothing of it is drawn"
)]

use std::path::{Path, PathBuf};

use super::*;
use crate::commands::{ALL, CATEGORIES};
use crate::layout::SCREENS;

/// Longest line in characters; one sentence has no more.
const LINE_MOST: usize = 300;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/help")
}

#[test]
fn every_page_of_the_folder_is_built_in() {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let names = entries.filter_map(|entry| {
        let name = entry.ok()?.file_name().to_string_lossy().into_owned();
        Some(name.strip_suffix(".md")?.to_owned())
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    let mut built: Vec<&str> = PAGES.iter().map(|page| page.name).collect();
    built.sort_unstable();
    assert_eq!(names, built);
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let manual = Manual::default();
    let mut count = 0;
    for (page, it) in PAGES.iter().enumerate() {
        for link in links(it.text) {
            count += 1;
            match manual.target(page, link) {
                Target::Inside(_) => {}
                Target::Outside(url) => {
                    assert!(url.starts_with("https://"), "{}: {url}", it.name);
                }
                Target::Nowhere => panic!("{}.md: ({link}) leads nowhere", it.name),
            }
        }
    }
    assert!(count > 50, "the pages refer to each other");
}

#[test]
fn the_index_leads_to_every_page() {
    let index = PAGES[0];
    assert_eq!(index.name, INDEX);
    for page in &PAGES[1..] {
        let link = format!("{}.md", page.name);
        assert!(links(index.text).contains(&link.as_str()), "{link}");
    }
}

#[test]
fn sections_have_one_title_a_page_and_names_of_their_own() {
    let manual = Manual::default();
    for (page, it) in PAGES.iter().enumerate() {
        let sections = manual.sections(page);
        assert!(it.text.starts_with("# "), "{} has a title", it.name);
        let titles = sections.iter().filter(|section| section.level == 1);
        assert_eq!(titles.count(), 1, "{}", it.name);
        for (place, section) in sections.iter().enumerate() {
            let anchor = slug(section.title);
            let first = sections.iter().position(|it| slug(it.title) == anchor);
            assert_eq!(first, Some(place), "{}#{anchor}", it.name);
        }
    }
}

#[test]
fn every_kind_of_finding_has_its_section() {
    let manual = Manual::default();
    for (analysis, kind) in analysis::kinds::all() {
        let place = topics::of_kind(analysis, kind);
        let Some(address) = place else {
            panic!("no help on {} {kind}", analysis.name());
        };
        let place = manual.find(address);
        assert!(place.is_some_and(|it| it.section > 0), "{address}");
        let place = place.unwrap_or_default();
        let text = manual.sections(place.page)[place.section].text;
        for wanted in ["What it says", "What it cannot tell", "What to do"] {
            assert!(text.contains(wanted), "{address} lacks {wanted:?}");
        }
        assert!(
            manual.find(topics::of_analysis(analysis)).is_some(),
            "{analysis:?}"
        );
    }
}

#[test]
fn no_line_of_the_table_names_a_kind_that_nothing_produces() {
    let all = analysis::kinds::all();
    for (analysis, kinds, _) in topics::FINDINGS {
        for kind in *kinds {
            assert!(all.contains(&(*analysis, kind)), "{analysis:?} {kind}");
        }
    }
}

#[test]
fn every_screen_has_its_place() {
    let manual = Manual::default();
    for (screen, title) in SCREENS {
        let address = topics::of_screen(*screen);
        assert!(manual.find(address).is_some(), "{title}: {address}");
    }
}

/// Addresses in the code: texts between quotes that begin with the name of a page.
#[test]
fn every_place_that_the_code_names_is_there() {
    let manual = Manual::default();
    let mut count = 0;
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("sources can be listed");
            open.extend(entries.flatten().map(|entry| entry.path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("sources are text");
        for quoted in text.split('"').skip(1) {
            let is_page = PAGES.iter().any(|page| {
                let rest = quoted.strip_prefix(page.name);
                rest.is_some_and(|rest| rest.starts_with('#') && rest.len() > 1)
            });
            if is_page && !quoted.contains([' ', '{', '\n']) {
                count += 1;
                assert!(
                    manual.find(quoted).is_some(),
                    "{}: {quoted}",
                    path.display()
                );
            }
        }
    }
    assert!(count > 30, "{count} places");
}

#[test]
fn every_refusal_has_its_section() {
    let manual = Manual::default();
    for code in plan::refusal::Code::ALL {
        let address = topics::of_refusal(code);
        let place = manual.find(&address);
        let place = place.unwrap_or_else(|| panic!("no section {address}"));
        let text = manual.sections(place.page)[place.section].text;
        assert!(text.contains("Record"), "{address}");
    }
}

#[test]
fn pages_have_one_sentence_a_line() {
    for page in PAGES {
        let mut fenced = false;
        for (number, line) in page.text.lines().enumerate() {
            let at = format!("{}.md:{}", page.name, number + 1);
            fenced ^= line.starts_with("```");
            assert_eq!(line.trim_end(), line, "{at} ends with blanks");
            assert!(!line.contains('\t'), "{at} has a tab");
            if fenced || line.starts_with('|') {
                continue;
            }
            assert!(line.chars().count() <= LINE_MOST, "{at} is long: {line}");
            let ends = line.match_indices(". ");
            for (end, _) in ends {
                let before = line[..end].rsplit(' ').next().unwrap_or_default();
                let after = line[end + 2..].chars().next().unwrap_or(' ');
                assert!(
                    !after.is_uppercase() || is_initial(before),
                    "{at} has two sentences: {line}"
                );
            }
        }
    }
}

/// Whether a word before a full stop is a letter of a name, as in "J. D. C. Little".
fn is_initial(word: &str) -> bool {
    let word = word.trim_start_matches(['(', '*']);
    word.chars().count() <= 2 || ["al", "vol", "no"].contains(&word)
}

/// The sheet of the repository is that of the program: `UPDATE_EXPECT=1` writes it.
#[test]
fn the_keyboard_page_is_the_table_of_commands() {
    let mut text = String::from(
        "# Keyboard\n\n\
         This page is made from the table of commands; the window shows the same with a search (`?` or F1).\n\
         Letters of movement stay at their place on other keyboards.\n",
    );
    for (category, title) in CATEGORIES {
        text.push_str(&format!("\n## {title}\n\n| command | keys |\n|---|---|\n"));
        for command in ALL.iter().filter(|it| it.category == *category) {
            let keys = command.chords.iter();
            let keys: Vec<String> = keys.map(|it| format!("`{}`", it.text())).collect();
            let keys = match keys.is_empty() {
                true => "–".to_owned(),
                false => keys.join(" or "),
            };
            text.push_str(&format!("| {} | {keys} |\n", command.name));
        }
    }
    let path = folder().join("keyboard.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &text).expect("the page can be written");
    }
    let kept = std::fs::read_to_string(&path).expect("the page is there");
    assert_eq!(kept, text, "run with UPDATE_EXPECT=1");
    let page = PAGES.iter().find(|page| page.name == KEYBOARD);
    let page = page.expect("it is built in");
    for command in ALL {
        assert!(page.text.contains(command.name), "{}", command.name);
    }
}

#[test]
fn headings_are_named_as_code_hosts_name_them() {
    assert_eq!(slug("Anomaly: spike"), "anomaly-spike");
    assert_eq!(slug("I5 extrapolation"), "i5-extrapolation");
    assert_eq!(slug("Load and Little's law"), "load-and-littles-law");
}

#[test]
fn a_search_finds_headings_first_and_tells_the_line() {
    let manual = Manual::default();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let hits = manual.search(&words("anomaly spike"));
    let first = hits.first().expect("there is one");
    assert_eq!(Some(first.place), manual.find("analysis#anomaly-spike"));
    assert!(!first.line.is_empty());
    assert!(manual.search(&words("xyzzy")).is_empty());
}

#[test]
fn links_in_code_are_none() {
    let text = "[a](b.md) and `[c](d.md)`\n```\n[e](f.md)\n```\n[g](#h)";
    assert_eq!(links(text), ["b.md", "#h"]);
    assert_eq!(plain("* see [a](b.md), `x` and **y**"), "see a, x and y");
}

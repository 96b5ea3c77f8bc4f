//! Reading Rust: enough of it to find what a file names.

/// The text with comments, strings and characters blanked out, line for line.
pub fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or(' ');
    let mut code = String::new();
    let mut i = 0;
    while i < chars.len() {
        let end = match at(i) {
            '/' if at(i + 1) == '/' => line_end(&chars, i),
            '/' if at(i + 1) == '*' => comment_end(&chars, i),
            'r' if !is_name(at(i.wrapping_sub(1))) || at(i.wrapping_sub(1)) == 'b' => {
                raw_string_end(&chars, i).unwrap_or(i)
            }
            '"' => quoted_end(&chars, i, '"'),
            '\'' if at(i + 1) == '\\' || at(i + 2) == '\'' => quoted_end(&chars, i, '\''),
            _ => i,
        };
        if end == i {
            code.push(at(i));
            i += 1;
        } else {
            code.extend(
                chars[i..end]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            i = end;
        }
    }
    code
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_end(chars: &[char], from: usize) -> usize {
    (from..chars.len())
        .find(|i| chars[*i] == '\n')
        .unwrap_or(chars.len())
}

fn comment_end(chars: &[char], from: usize) -> usize {
    let (mut depth, mut i) = (0, from);
    while i + 1 < chars.len() {
        match (chars[i], chars[i + 1]) {
            ('/', '*') => (depth, i) = (depth + 1, i + 2),
            ('*', '/') => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    chars.len()
}

fn raw_string_end(chars: &[char], from: usize) -> Option<usize> {
    let hashes = chars[from + 1..].iter().take_while(|c| **c == '#').count();
    let open = from + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let close: Vec<char> = std::iter::once('"').chain(vec!['#'; hashes]).collect();
    let found = (open + 1..chars.len()).find(|i| chars[*i..].starts_with(&close));
    Some(found.map_or(chars.len(), |i| i + close.len()))
}

fn quoted_end(chars: &[char], from: usize, quote: char) -> usize {
    let mut i = from + 1;
    while i < chars.len() && chars[i] != quote {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

#[derive(Clone, Debug)]
pub struct Token {
    pub line: usize,
    pub text: String,
}

/// Names, `::`, and every other sign by itself.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (index, line) in code_only(text).lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let len = if is_name(first) {
                rest.find(|c| !is_name(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push(Token {
                line: index + 1,
                text: rest[..len].into(),
            });
            rest = rest[len..].trim_start();
        }
    }
    tokens
}

/// The modules of a file below `src/`: `src/audio/wav.rs` is `audio`, `wav`.
pub fn modules_of(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    path.split('/')
        .filter(|name| !["lib", "mod"].contains(name))
        .map(String::from)
        .collect()
}

/// What a file names inside the crate: through `crate::`, `super::`, `self::`, the crate's own name, or a module
/// of its own. Each path from the root on, one for each leaf of a group in braces, with its line.
pub fn named(file: &str, text: &str) -> Vec<(usize, Vec<String>)> {
    let tokens = tokens(text);
    let is = |i: usize, text: &str| tokens.get(i).is_some_and(|token| token.text == text);
    let children: Vec<&str> = (1..tokens.len())
        .filter(|i| is(i - 1, "mod") && is(i + 1, ";"))
        .map(|i| tokens[i].text.as_str())
        .collect();
    let own = modules_of(file);
    let (mut modules, mut depth, mut opened) = (own.clone(), 0, Vec::new());
    let mut named = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let is_first = is(i + 1, "::") && !(i > 0 && is(i - 1, "::"));
        match tokens[i].text.as_str() {
            "mod" if is(i + 2, "{") => {
                modules.push(tokens[i + 1].text.clone());
                opened.push(depth);
                i += 1;
            }
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if opened.last() == Some(&depth) {
                    opened.pop();
                    modules.pop();
                }
            }
            "crate" | "audio_samples" if is_first => leaves(&tokens[i + 2..], &[], &mut named),
            "self" if is_first => leaves(&tokens[i + 2..], &modules, &mut named),
            "super" if is_first => {
                let mut up = 1;
                while is(i + 2 * up, "super") && is(i + 2 * up + 1, "::") {
                    up += 1;
                }
                let above = &modules[..modules.len().saturating_sub(up)];
                leaves(&tokens[i + 2 * up..], above, &mut named);
            }
            child if is_first && modules == own && children.contains(&child) => {
                leaves(&tokens[i..], &own, &mut named);
            }
            _ => {}
        }
        i += 1;
    }
    named
}

/// The paths that begin at these tokens, below `above`.
fn leaves(tokens: &[Token], above: &[String], named: &mut Vec<(usize, Vec<String>)>) {
    let mut path = above.to_vec();
    let mut i = 0;
    while let Some(Token { line, text }) = tokens.get(i) {
        if text == "{" {
            let (mut depth, mut begins) = (0, false);
            for (at, token) in tokens.iter().enumerate().skip(i) {
                match token.text.as_str() {
                    "{" => (depth, begins) = (depth + 1, depth == 0),
                    "}" if depth == 1 => return,
                    "}" => depth -= 1,
                    "," => begins = depth == 1,
                    _ if begins => {
                        leaves(&tokens[at..], &path, named);
                        begins = false;
                    }
                    _ => {}
                }
            }
            return;
        }
        if text != "self" {
            path.push(text.clone());
        }
        if tokens.get(i + 1).is_none_or(|next| next.text != "::") {
            named.push((*line, path));
            return;
        }
        i += 2;
    }
}

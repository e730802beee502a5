# Finds the forms that g++ 12 miscompiles in coroutines and that no header can refuse (docs/coroutines.md tells why).
#
# It reads tokens, not types. A line with the comment `// coroutine check: ok, <why>` is left alone.
# Usage: awk -f coroutine_traps.awk FILE...   Prints file:line: what; exit status 1 when something was found.

BEGIN {
  words("if while for switch catch", CONTROL)
  words("class struct union enum namespace", TYPE_WORD)
  words("else do try const noexcept override final mutable", BEFORE_BLOCK)
  words("return co_return co_await co_yield throw delete new else goto case using typedef if while for switch do " \
    "break continue default static_assert template friend public private protected operator sizeof not namespace", NO_TYPE)
  words("int bool char double float long short unsigned signed const std size_t byte pid_t chrono nanoseconds microseconds " \
    "milliseconds seconds minutes hours steady_clock system_clock time_point duration string_view span ptrdiff_t " \
    "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t ssize_t volatile mutable", PLAIN)
  for (f = 1; f < ARGC; f++) { read_tokens(ARGV[f]); collect_aggregates(ARGV[f]) }
  for (f = 1; f < ARGC; f++) { read_tokens(ARGV[f]); check(ARGV[f]) }
  exit found
}

function words(text, set, list, i, n) {
  n = split(text, list, " ")
  for (i = 1; i <= n; i++) set[list[i]] = 1
}

function complain(file, number, text) {
  if ((number in excused) || ((file, number, text) in told)) return
  told[file, number, text] = 1
  printf "%s:%d: %s\n", file, number, text
  found = 1
}

# ---- tokens: tok[1..n], at[1..n] their lines; literals are `0` and `"`, comments and preprocessor lines are gone.

function add(text, number) { tok[++n] = text; at[n] = number }

function read_tokens(file, text, number, state, raw_end, i, directive) {
  split("", tok); split("", at); split("", excused)
  n = 0; number = 0; state = ""; directive = 0
  while ((getline text < file) > 0) {
    number++
    if (text ~ /\/\/ coroutine check: ok, [^ ]/) excused[number] = 1
    if (state == "" && (directive || text ~ /^[ \t]*#/)) { directive = text ~ /\\$/; continue }
    while (text != "") {
      if (state == "comment") {
        if (!(i = index(text, "*/"))) break
        text = substr(text, i + 2); state = ""
      } else if (state == "raw") {
        if (!(i = index(text, raw_end))) break
        text = substr(text, i + length(raw_end)); state = ""
      } else if (match(text, /^[ \t\r]+/)) text = substr(text, RLENGTH + 1)
      else if (text ~ /^\/\//) break
      else if (text ~ /^\/\*/) { text = substr(text, 3); state = "comment" }
      else if (match(text, /^(u8|u|U|L)?R"[^( ]*\(/)) {
        raw_end = substr(text, index(text, "\"") + 1, RLENGTH - index(text, "\"") - 1)
        raw_end = ")" raw_end "\""
        text = substr(text, RLENGTH + 1); state = "raw"; add("\"", number)
      } else if (match(text, /^"([^"\\]|\\.)*"/)) { add("\"", number); text = substr(text, RLENGTH + 1) }
      else if (match(text, /^'([^'\\]|\\.)+'/)) { add("0", number); text = substr(text, RLENGTH + 1) }
      else if (match(text, /^[A-Za-z_][A-Za-z_0-9]*/)) { add(substr(text, 1, RLENGTH), number); text = substr(text, RLENGTH + 1) }
      else if (match(text, /^\.?[0-9]([0-9A-Za-z_.]|'[0-9A-Za-z])*/)) { add("0", number); text = substr(text, RLENGTH + 1) }
      else if (match(text, /^(::|->|&&|\|\||==|!=|<=|>=|\.\.\.)/)) { add(substr(text, 1, RLENGTH), number); text = substr(text, RLENGTH + 1) }
      else { add(substr(text, 1, 1), number); text = substr(text, 2) }
    }
  }
  close(file)
}

function is_name(text) { return text ~ /^[A-Za-z_]/ }

# The place of the bracket that closes the one at i.
function closing(i, depth) {
  for (depth = 0; i <= n; i++) {
    if (tok[i] ~ /^[({[]$/) depth++
    else if (tok[i] ~ /^[)}\]]$/ && --depth == 0) return i
  }
  return n
}

# ---- aggregates: structs without a constructor whose members may need a destructor

function collect_aggregates(file, i, j, name, open, verdict) {
  for (i = 1; i < n; i++) {
    if (tok[i + 1] == "(" && is_name(tok[i]) && (tok[i - 1] == ">" || is_name(tok[i - 1]) && !(tok[i - 1] in NO_TYPE)))
      function_name[tok[i]] = 1
    if (tok[i] != "struct" || !is_name(tok[i + 1])) continue
    name = tok[i + 1]
    open = i + 2
    if (tok[open] == ":") while (open < n && tok[open] != "{" && tok[open] != ";") open++
    if (tok[open] != "{") continue
    verdict = judge(name, open + 1, closing(open) - 1)
    here[file, name] = verdict
    if (!(name in anywhere) || verdict < anywhere[name]) anywhere[name] = verdict
  }
}

# 1: an aggregate with members to destroy, 0: anything else.
function judge(name, first, last, i, start, needs) {
  start = first
  for (i = first; i <= last; i++) {
    if (tok[i] ~ /^(private|protected|virtual)$/) return 0
    if (tok[i] == name && tok[i + 1] == "(" && tok[i - 1] != "~") return 0
    if (tok[i] == "using" && tok[i + 2] == "::" && tok[i + 3] == tok[i + 1]) return 0
    if (tok[i] == "(" || tok[i] == "[") i = closing(i)
    else if (tok[i] == "{") {
      i = closing(i)
      if (tok[i + 1] != ";" && tok[i + 1] != ",") start = i + 1
    } else if (tok[i] == ";") {
      if (member_needs_destructor(start, i)) needs = 1
      start = i + 1
    }
  }
  return needs + 0
}

function member_needs_destructor(start, stop, i, foreign) {
  if (tok[start] ~ /^(static|using|friend|template|struct|class|enum|typedef)$/) return 0
  foreign = 0
  for (i = start; i < stop && tok[i] !~ /^(=|\{|\[)$/; i++) {
    if (tok[i] == "(") return 0
    if (tok[i] ~ /^[*&]$/) return 0
    if (is_name(tok[i]) && !(tok[i] in PLAIN)) foreign++
  }
  return foreign > 1  # one is the member's own name
}

function is_aggregate(file, name) {
  if ((file, name) in here) return here[file, name]
  return (name in anywhere) && anywhere[name]
}

# ---- the walk: open brackets are kind[1..depth]; code blocks are "block", "function", "lambda" or "type"

function check(file, i, t) {
  depth = 0; level = 0
  new_statement(1)
  scope_kind[0] = "type"
  for (i = 1; i <= n; i++) {
    t = tok[i]
    if (t == "(" || t == "[") open_bracket(file, i, t)
    else if (t == "{") open_brace(file, i)
    else if (t == ")" || t == "]" || t == "}") close_bracket(file, i)
    else if (t == ";" && in_block()) end_statement(file, i + 1)
    else if (t == "co_await") seen_await(file, i)
    else if (t == "?") seen_ternary(i)
    else if (is_name(t) && tok[i + 1] ~ /^[({]$/ && tok[i - 1] !~ /^(struct|class|~|\.|->)$/ && is_aggregate(file, t) &&
        (tok[i + 1] == "{" || !(t in function_name)))
      suspect(i, "a temporary of the aggregate " t " in a statement with co_await is destroyed twice: name it first")
  }
}

function in_block() { return depth == 0 || kind[depth] ~ /^(block|function|lambda|type)$/ }
function code_kind() { return scope_kind[level] }

function new_statement(first) { start[level] = first; await[level] = 0; suspects[level] = 0 }

function suspect(i, text) {
  suspects[level]++
  suspect_line[level, suspects[level]] = at[i]
  suspect_text[level, suspects[level]] = text
}

function end_statement(file, next_first, s) {
  if (await[level])
    for (s = 1; s <= suspects[level]; s++) complain(file, suspect_line[level, s], suspect_text[level, s])
  if (is_declaration(start[level], next_first - 1)) declared[level_function()] = 1
  new_statement(next_first)
}

# The level whose function or lambda holds the current statement.
function level_function(l) {
  for (l = level; l > 0 && scope_kind[l] !~ /^(function|lambda)$/;) l--
  return l
}

# Whether the statement declares something: two names side by side (with <...>, & or * between), or a binding.
function is_declaration(first, last, i, angle) {
  while (first <= last && tok[first] ~ /^(static|const|constexpr|thread_local)$/) first++
  if (tok[first] == "using" || tok[first] == "struct" || tok[first] == "class" || tok[first] == "enum") return 1
  if (tok[first] == "[" && tok[first + 1] == "[") { first = closing(first) + 1 }
  while (first <= last && tok[first] ~ /^(static|const|constexpr|thread_local)$/) first++
  if (!is_name(tok[first]) || (tok[first] in NO_TYPE)) return 0
  for (i = first + 1; i <= last; i++) {
    if (tok[i] == "<") angle++
    else if (tok[i] == ">") angle--
    else if (angle > 0) { if (tok[i] ~ /^[;{]$/) return 0 }
    else if (tok[i] == "[") return tok[first] == "auto"
    else if (tok[i] ~ /^(::|&|&&|\*|const)$/) continue
    else if (is_name(tok[i])) { if (tok[i - 1] != "::") return !(tok[i] in NO_TYPE) }
    else return 0
  }
  return 0
}

function push(what, i) {
  depth++
  kind[depth] = what
  opened[depth] = i
  control[depth] = ""
  awaited[depth] = 0
  semicolons[depth] = 0
}

function open_bracket(file, i, t, before) {
  before = tok[i - 1]
  if (t == "[" && opens_lambda(i)) {
    if (tok[i + 1] == "=" || captures_by_move(i))
      suspect(i, "a closure that captures by value, in a statement with co_await, is destroyed twice: name it first")
  }
  push(t, i)
  if (t == "(") {
    if (before in CONTROL) control[depth] = before
    else if (before == "constexpr" && tok[i - 2] == "if") control[depth] = "if"
    else if (is_name(before) && is_aggregate(file, tok[i - 2])) control[depth] = "aggregate"
  }
}

# A '[' after a value is a subscript, a second one an attribute.
function opens_lambda(i, before) {
  before = tok[i - 1]
  if (before == "[" || tok[i + 1] == "[") return 0
  if (before == ")" || before == "]" || before == "\"") return 0
  return !is_name(before) || before ~ /^(return|co_return|co_await|co_yield|case|else)$/
}

function captures_by_move(i, last) {
  for (last = closing(i); i < last; i++)
    if (tok[i] == "move" && tok[i + 1] == "(") return 1
  return 0
}

function open_brace(file, i, what) {
  what = brace_kind(i)
  if (what == "initialiser") {
    if (tok[i + 1] == "." && is_name(tok[i + 2]))
      suspect(i, "a braced list with designators in a statement with co_await is destroyed twice: name it first")
    else if (tok[i - 1] ~ /^[(,]$/)
      suspect(i, "a braced list as an argument in a statement with co_await may be destroyed twice: name it first")
    push(what, i)
    return
  }
  # A lambda, or a block inside of brackets, is a part of its statement; any other block ends what stands before it.
  continues[level + 1] = what == "lambda" || !in_block()
  if (!continues[level + 1]) end_statement(file, i + 1)
  push(what, i)
  level++
  scope_kind[level] = what
  declared[level] = 0
  condition_line[level] = 0
  new_statement(i + 1)
}

function close_bracket(file, i, was, line_number) {
  if (depth == 0) return
  was = kind[depth]
  if (was ~ /^(block|function|lambda|type)$/) {
    end_statement(file, i)
    if (was == "function" && condition_line[level] && !declared[level])
      complain(file, condition_line[level], "a condition with co_await in a function that declares no variable: " \
        "the whole body goes wrong; write 'if (auto x = co_await ...; x)'")
    level--
    depth--
    if (!continues[level + 1]) new_statement(i + 1)
    return
  }
  if (control[depth] ~ /^(if|while|for|switch)$/) close_control(file, i)
  else {
    if (awaited[depth] && depth > 1) awaited[depth - 1] = 1
    depth--
  }
}

# The head of if, while, for or switch is a statement of its own.
function close_control(file, i, j, nested, split_at, head) {
  head = opened[depth] + 1
  split_at = 0
  nested = 0
  for (j = head; j < i; j++) {
    if (tok[j] ~ /^[({[]$/) nested++
    else if (tok[j] ~ /^[)}\]]$/) nested--
    else if (tok[j] == ";" && !nested) split_at = j
  }
  if (awaited[depth]) {
    if (control[depth] == "switch" && !split_at)
      complain(file, at[head], "'switch (co_await ...)' takes a wrong branch: write 'switch (auto x = co_await ...; x)'")
    else if (!condition_line[level_function()]) condition_line[level_function()] = at[head]
  }
  if (is_declaration(head, i - 1)) declared[level_function()] = 1
  depth--
  if (in_block()) end_statement(file, i + 1)
}

# What a '{' opens.
function brace_kind(i, before, j, angle) {
  before = tok[i - 1]
  if (i == 1 || before ~ /^(;|\{|\})$/ || (before == ":" && in_block())) return after_nothing(i)
  if (before == "]" && opens_lambda(opening(i - 1))) return "lambda"
  if (before == "\"" && tok[i - 2] == "extern") return "type"
  if (before == ")") return after_parenthesis(opening(i - 1))
  if (before == "&" || before == "&&" || (before in BEFORE_BLOCK)) return before_word(i)
  if (declares_type(i)) return "type"
  if (before == "requires") return "block"
  # A trailing return type: back over what a type is made of.
  angle = 0
  for (j = i - 1; j > start[level]; j--) {
    if (tok[j] == "->") return tok[j - 1] == ")" ? after_parenthesis(opening(j - 1)) : before_word(j)
    if (tok[j] == "requires" && code_kind() == "type") return "function"
    if (tok[j] == ">") angle++
    else if (tok[j] == "<") angle--
    else if (!(is_name(tok[j]) || tok[j] ~ /^(::|&|&&|\*|0)$/ || (tok[j] == "," && angle > 0))) break
  }
  return "initialiser"
}

# After '}' a member function's initialiser list may have ended; elsewhere a plain block begins.
function after_nothing(i) {
  if (!in_block()) return "initialiser"
  return code_kind() == "type" && tok[i - 1] == "}" && start[level] < i ? "function" : "block"
}

function after_parenthesis(open, before) {
  before = tok[open - 1]
  if (before == "]" || control_before(open) == "template lambda") return "lambda"
  if (before in CONTROL || before == "constexpr" || before == "requires") return "block"
  return code_kind() == "type" && in_block() ? "function" : before == "noexcept" ? "lambda" : "block"
}

# `[]<class T>(T t) {`: the '>' before the parenthesis closes what a ']' stands before.
function control_before(open, j, angle) {
  if (tok[open - 1] != ">") return ""
  for (j = open - 1; j > 0; j--) {
    if (tok[j] == ">") angle++
    else if (tok[j] == "<" && --angle == 0) return tok[j - 1] == "]" ? "template lambda" : ""
    else if (tok[j] ~ /^[;{}]$/) return ""
  }
  return ""
}

# The words between a parameter list and a body: `) const noexcept {`, `else {`.
function before_word(i, j) {
  for (j = i - 1; j > 0 && (tok[j] == "&" || tok[j] == "&&" || tok[j] ~ /^(const|noexcept|override|final|mutable)$/);) j--
  if (tok[j] == ")") return after_parenthesis(opening(j))
  if (tok[j] == "]") return "lambda"
  return declares_type(i) ? "type" : "block"
}

function declares_type(i, j) {
  if (tok[i - 1] == ")") return 0
  for (j = start[level]; j < i; j++)
    if ((tok[j] in TYPE_WORD) && tok[j - 1] !~ /^[<,(]$/) return 1
    else if (tok[j] == "(" || tok[j] == "=") return 0
  return 0
}

function opening(i, nested) {
  for (; i > 0; i--) {
    if (tok[i] ~ /^[)}\]]$/) nested++
    else if (tok[i] ~ /^[({[]$/ && --nested == 0) return i
  }
  return 1
}

function seen_await(file, i, d) {
  await[level] = 1
  for (d = depth; d > 0 && kind[d] !~ /^(block|function|lambda|type)$/; d--) {
    awaited[d] = 1
    if (kind[d] == "initialiser" || control[d] == "aggregate") {
      complain(file, at[i], "co_await inside an initialiser: an aggregate made so is destroyed twice; await first, then build")
      return
    }
  }
}

# A ternary whose branches are names or literals makes no temporary; two kinds of branch may.
function seen_ternary(i, first, second) {
  first = branch(i + 1, ":")
  second = branch(branch_end + 1, ",")
  if (first == "" || second == "" || first != second)
    suspect(i, "'?:' in a statement with co_await: a temporary of class type made by it is destroyed twice; use if, or name it first")
}

# What a branch is: "name", "text", or "" for more than that. Leaves its end in branch_end.
function branch(j, stop, what, nested) {
  what = "name"
  for (nested = 0; j <= n; j++) {
    if (!nested && (tok[j] == stop || tok[j] ~ /^[;)}\],]$/)) break
    if (tok[j] ~ /^[({[]$/) { nested++; what = "" }
    else if (tok[j] ~ /^[)}\]]$/) nested--
    else if (tok[j] == "?") what = ""
    else if (tok[j] == "\"") what = what == "" ? "" : "text"
    else if (tok[j] == "co_await" || !(is_name(tok[j]) || tok[j] ~ /^(0|\.|->|::|\*|!|-|&)$/)) what = ""
  }
  branch_end = j
  return what
}

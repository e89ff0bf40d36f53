// What Swift cannot call of libedit: functions with a variable number of arguments.
#pragma once

#include <histedit.h>
#include <locale.h>
#include <stdio.h>

typedef unsigned char (*kandy_edit_function)(EditLine *, int);

static inline char *kandy_edit_prompt(EditLine *editor) {
  (void)editor;
  static char prompt[] = "> ";
  return prompt;
}

/// An editor of lines on the terminal of standard input, which reads one key at a time. `NULL` when there is none.
/// `complete` is called for the tabulator key and finds `owner` in the editor.
static inline EditLine *kandy_edit_begin(History *lines, void *owner, kandy_edit_function complete) {
  setlocale(LC_CTYPE, "");  // Keys are bytes otherwise, not letters.
  EditLine *editor = el_init("kandy", stdin, stdout, stderr);
  if (!editor) return NULL;
  el_set(editor, EL_CLIENTDATA, owner);
  el_set(editor, EL_PROMPT, kandy_edit_prompt);
  el_set(editor, EL_SIGNAL, 1);  // Signals that end or stop the process restore the terminal.
  el_set(editor, EL_EDITOR, "emacs");
  el_set(editor, EL_HIST, history, lines);
  el_set(editor, EL_ADDFN, "kandy-complete", "Completes a name.", complete);
  el_set(editor, EL_BIND, "^I", "kandy-complete", NULL);
  el_source(editor, NULL);
  return editor;
}

static inline void *kandy_edit_owner(EditLine *editor) {
  void *owner = NULL;
  el_get(editor, EL_CLIENTDATA, &owner);
  return owner;
}

/// Shows the prompt and takes keys (1), or gives the terminal back until the next line (0).
static inline void kandy_edit_listen(EditLine *editor, int on) { el_set(editor, EL_UNBUFFERED, on); }

/// Shows the prompt and what has been typed on a line of their own again.
static inline void kandy_edit_refresh(EditLine *editor) { el_set(editor, EL_REFRESH); }

/// Writes to the terminal between keys.
static inline void kandy_edit_write(const char *text) {
  fputs(text, stdout);
  fflush(stdout);
}

static inline History *kandy_history_begin(int size) {
  HistEvent event;
  History *lines = history_init();
  if (!lines) return NULL;
  history(lines, &event, H_SETSIZE, size);
  history(lines, &event, H_SETUNIQUE, 1);
  return lines;
}

static inline void kandy_history_add(History *lines, const char *line) {
  HistEvent event;
  history(lines, &event, H_ENTER, line);
}

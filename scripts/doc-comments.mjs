/**
 * A rule of ESLint: a doc comment begins with what it speaks of, or with what that does, so that its first word tells a
 * reader what it is about.
 */
const FIRST = /^\W*(of|by|as|what|those|which)\b/i;

export const docComments = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { first: 'a doc comment begins with a noun or a verb, not with "{{word}}"' },
  },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments()) {
        const word = comment.value.startsWith('*') && FIRST.exec(comment.value)?.[1];
        if (word) context.report({ loc: comment.loc, messageId: 'first', data: { word } });
      }
    },
  }),
};

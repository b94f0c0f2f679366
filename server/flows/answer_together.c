/* Answers that serve many; see answer_together.h. */
#include "flows/answer_together.h"

#include "rpc/lane.h"

void answer_together(struct lane *lane, struct asked *asked, size_t n)
{
    struct asked *same = arena_array_of(lane_arena(lane), struct asked, n);

    while (n > 0) {
        asked_answer *answer = asked[0].answer;
        size_t n_same = 0;
        size_t n_left = 0;

        for (size_t i = 0; i < n; i++)
            if (asked[i].answer == answer)
                same[n_same++] = asked[i];
            else
                asked[n_left++] = asked[i];
        answer(lane, same, n_same);
        n = n_left;
    }
}

#include "base/mailbox.h"

#include <pthread.h>
#include <time.h>

struct Mailbox {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t drained;
    void **slots;
    size_t capacity;
    size_t first;
    size_t count;
    bool is_closed;
};

Mailbox *mailbox_new(size_t capacity) {
    g_assert(capacity > 0);
    Mailbox *mailbox = g_new0(Mailbox, 1);
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_condattr_t steady; /* waits must not end early because somebody sets the clock */
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&mailbox->filled, &steady);
    pthread_condattr_destroy(&steady);
    pthread_cond_init(&mailbox->drained, NULL);
    mailbox->slots = g_new0(void *, capacity);
    mailbox->capacity = capacity;
    return mailbox;
}

void mailbox_free(Mailbox *mailbox, GDestroyNotify drop) {
    if (mailbox == NULL) {
        return;
    }
    for (void *left = mailbox_take(mailbox); left != NULL; left = mailbox_take(mailbox)) {
        g_assert(drop != NULL);
        drop(left);
    }
    pthread_cond_destroy(&mailbox->drained);
    pthread_cond_destroy(&mailbox->filled);
    pthread_mutex_destroy(&mailbox->lock);
    g_free(mailbox->slots);
    g_free(mailbox);
}

static void push(Mailbox *mailbox, void *message) {
    mailbox->slots[(mailbox->first + mailbox->count) % mailbox->capacity] = message;
    mailbox->count++;
    pthread_cond_signal(&mailbox->filled);
}

static void *pop(Mailbox *mailbox) {
    if (mailbox->count == 0) {
        return NULL;
    }
    void *message = mailbox->slots[mailbox->first];
    mailbox->first = (mailbox->first + 1) % mailbox->capacity;
    mailbox->count--;
    pthread_cond_signal(&mailbox->drained);
    return message;
}

bool mailbox_put(Mailbox *mailbox, void *message) {
    g_assert(message != NULL);
    pthread_mutex_lock(&mailbox->lock);
    bool fits = !mailbox->is_closed && mailbox->count < mailbox->capacity;
    if (fits) {
        push(mailbox, message);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return fits;
}

bool mailbox_put_wait(Mailbox *mailbox, void *message) {
    g_assert(message != NULL);
    pthread_mutex_lock(&mailbox->lock);
    while (!mailbox->is_closed && mailbox->count == mailbox->capacity) {
        pthread_cond_wait(&mailbox->drained, &mailbox->lock);
    }
    bool is_open = !mailbox->is_closed;
    if (is_open) {
        push(mailbox, message);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return is_open;
}

void *mailbox_take(Mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    void *message = pop(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    return message;
}

void *mailbox_take_wait(Mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    while (!mailbox->is_closed && mailbox->count == 0) {
        pthread_cond_wait(&mailbox->filled, &mailbox->lock);
    }
    void *message = pop(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    return message;
}

void *mailbox_take_within(Mailbox *mailbox, unsigned ms) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&mailbox->lock);
    int waited = 0;
    while (!mailbox->is_closed && mailbox->count == 0 && waited == 0) {
        waited = pthread_cond_timedwait(&mailbox->filled, &mailbox->lock, &until);
    }
    void *message = pop(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
    return message;
}

bool mailbox_is_closed(Mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    bool is_closed = mailbox->is_closed;
    pthread_mutex_unlock(&mailbox->lock);
    return is_closed;
}

void mailbox_close(Mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_closed = true;
    pthread_cond_broadcast(&mailbox->filled);
    pthread_cond_broadcast(&mailbox->drained);
    pthread_mutex_unlock(&mailbox->lock);
}

/**
 * Why a file is refused as a photo. `unsafe`: opening it would take more memory or time than any photo does; `crashed`:
 * processes that opened it died.
 */
export type IntakeReason = 'unreadable' | 'unsupported_format' | 'animated' | 'too_large' | 'unsafe' | 'crashed';
